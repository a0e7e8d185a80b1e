"""How a number is told, and how long a printed line is."""

from shoulders.support.words import WIDTH, bounds, counted, share, wrapped


def test_shares_and_their_bounds():
    assert (share(0.875), share(0.5, 0), share(1)) == ("87.5 %", "50 %", "100.0 %")
    assert bounds(0.815, 0.918) == "81.5 to 91.8 %" and bounds(1, 1) == "100.0 %"


def test_lines_are_broken_between_words_alone():
    text = "first line\n" + "efficientnet_lite0 well-known " * 9 + "x" * 90
    lines = wrapped(text).splitlines()
    assert lines[0] == "first line" and " ".join(lines).split() == text.split()
    assert all(len(line) <= WIDTH for line in lines[:-1]) and lines[-1] == "x" * 90


def test_a_share_stays_on_one_line():
    assert wrapped("x" * 66 + " 87.5 % of it").splitlines() == ["x" * 66, "87.5 % of it"]


def test_one_map_is_no_maps():
    assert [counted(count, "map") for count in (0, 1, 1200)] == ["0 maps", "1 map", "1,200 maps"]
