"""What a network answers: how sure it is, which of its classes speak for which of ours, who is taken for whom, and why."""

import numpy as np

from shoulders.plots.axes import per_cent, show_picture, show_pictures
from shoulders.plots.drawing import BLUE, INK, ON_PALE, ORANGE, RED, SMALL, WIDEST, Drawing, new
from shoulders.plots.lettering import short, sure, width, wrapped
from shoulders.results import Result
from shoulders.support.words import counted

_MOST = 30  # classes of which a cell still holds its number


def guesses(image, names, shares, heading: str = "What the network sees") -> Drawing:
    """A picture beside bars of the classes that the network finds likeliest.

    Parameters
    ----------
    image : PIL.Image
    names : sequence of str
    shares : sequence of float
        Probabilities, the largest first.
    """
    figure, (left, right) = new(7, 2.8, 1, 2, width_ratios=(1, 1.8))
    show_picture(image, left)
    right.barh(range(len(names)), shares, color=BLUE)
    right.set_yticks(range(len(names)), [wrapped(name, 24) for name in names])
    right.invert_yaxis()
    end = max(shares) * 1.25
    right.set(xlabel="probability", xlim=(0, end))
    per_cent(right)
    for y, share in enumerate(shares):
        right.text(share, y, f" {sure(share)}", va="center", fontsize=SMALL)
    figure.suptitle(heading)
    return Drawing(figure, f"The network's first guess is “{names[0]}”, with {sure(shares[0])}.")


def votes(names, strengths, classes, most: int = 8, xlabel: str = "weight of the vote") -> Drawing:
    """Which of the backbone's own classes speak for which of ours.

    Parameters
    ----------
    names : sequence of str, length d
        The backbone's classes.
    strengths : numpy.ndarray, shape (d,)
        Positive: for ``classes[1]``; negative: for ``classes[0]``.
    classes : (str, str)
    xlabel : str
        What `strengths` are, with their unit.
    """
    order, most = np.argsort(strengths), min(most, len(names) // 2)
    chosen = np.concatenate([order[:most], order[len(order) - most :]])
    figure, ax = new(7, 0.27 * len(chosen) + 1)
    ax.barh(range(len(chosen)), strengths[chosen], color=[ORANGE if s < 0 else BLUE for s in strengths[chosen]])
    ax.set_yticks(range(len(chosen)), [short(names[i], 32) for i in chosen], fontsize=SMALL)
    ax.axvline(0, color=INK, lw=0.8)
    ends, gap = [short(name, 16) for name in classes], " " * 8
    words = f"← {ends[0]}{gap}{xlabel}{gap}{ends[1]} →"
    words = words if width(words) < 56 else f"← {ends[0]}{gap}{ends[1]} →\n{xlabel}"
    ax.set(xlabel=words, title="Which of its classes go with which of ours")
    return Drawing(figure, f"“{names[order[0]]}” goes most with {classes[0]}, “{names[order[-1]]}” most with {classes[1]}.")


def confusion(result: Result) -> Drawing:
    """Pictures by what they really are and what was predicted; of many classes those of which most is confused."""
    table = result.confusion()
    confused = table.sum(0).to_numpy() + table.sum(1).to_numpy() - 2 * np.diag(table)
    kept = np.sort(np.argsort(-confused, kind="stable")[:_MOST])
    some = f"\n({_MOST} of {len(table)} classes, those most confused)" * (len(table) > _MOST)
    table = table.iloc[kept, kept]
    names, counts = [short(name) for name in table.columns], table.to_numpy()
    longest, side = max(map(width, names)), max(2.0, min(0.5 * len(table), WIDEST - 3))
    figure, ax = new(side + 1.4 + 0.06 * longest, side + 1.1 + 0.04 * longest)
    ax.imshow(counts, cmap="Blues", vmin=0)
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, count, ha="center", va="center", color="white" if count > counts.max() / 2 else ON_PALE)
    slope = 30 if side >= 0.4 * len(names) else 90
    tilted = {"rotation": slope, "ha": "right", "va": "center", "rotation_mode": "anchor"} if longest * len(names) > 20 else {}
    ax.set_xticks(range(len(names)), names, **tilted)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted", ylabel="really", title=f"Who is taken for whom{some}")
    wrong = int((~result.right).sum())
    verb = "is" if wrong == 1 else "are"
    return Drawing(figure, f"{wrong} of {counted(len(result.valid), result.valid.word)} {verb} named wrongly.")


def mistakes(result: Result, transform, most: int = 6) -> Drawing:
    """The pictures told wrongly, the most confident first, as the network sees them."""
    chosen, classes = result.mistakes()[:most], result.valid.classes
    if not len(chosen):
        figure, ax = new(4, 1)
        ax.set_axis_off()
        ax.text(0.5, 0.5, "no mistakes", ha="center")
        return Drawing(figure, f"All {len(result.valid)} {result.valid.word}s are named correctly.")
    images = [transform.cropped(result.valid.paths[i]) for i in chosen]
    titles = [wrapped(f"{classes[result.predictions[i]]}? {sure(result.probabilities[i].max())}") for i in chosen]
    which, each = (f"{len(chosen)} mistakes", "each") if len(chosen) > 1 else ("mistake", "it")
    words = f"The {which} of which the network was most sure; above {each} what it said."
    return show_pictures(images, titles, [RED] * len(chosen), "The most confident mistakes", words=words)


def nearest(result: Result, train, valid, transform, layer: str = "hidden", most: int = 3, neighbours: int = 5) -> Drawing:
    """Beside each of the most confident mistakes the training pictures that lie nearest to it among the features.

    Parameters
    ----------
    result : Result
        Where nothing is wrong, the least sure answers are shown.
    train, valid : Features
        Of the layer that the result was fitted on; `valid` of the result's pictures, in their order.
    transform : Transform
    most, neighbours : int
        How many pictures, and how many neighbours of each.
    """
    wrong, classes = result.mistakes()[:most], train.pictures.classes
    chosen = wrong if len(wrong) else result.probabilities.max(1).argsort()[:most]
    images, titles, colours, agree, true = [], [], [], 0, 0
    for i in chosen:
        really, said = classes[result.valid.labels[i]], classes[result.predictions[i]]
        near = np.linalg.norm(train[layer] - valid[layer][i], axis=1).argsort()[:neighbours]
        names = [classes[k] for k in train.labels[near]]
        agree, true = agree + names.count(said), true + names.count(really)
        images += [transform.cropped(path) for path in (result.valid.paths[i], *(train.pictures.paths[j] for j in near))]
        titles += [f"{really},\ncalled {said}", *names]
        colours += [RED if really != said else INK, *(BLUE if name == really else RED for name in names)]
    kind, right = ("most confident mistakes", f", {true} of the right one") if len(wrong) else ("least sure answers", "")
    these = f"these {len(chosen)} pictures" if len(chosen) > 1 else "this picture"
    words = f"Of the {len(chosen) * neighbours} neighbours of {these}, {agree} are of the class that was "
    heading = f"The {kind} (left), and their nearest training pictures"
    return show_pictures(images, titles, colours, heading, neighbours + 1, f"{words}named{right}.")
