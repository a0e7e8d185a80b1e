"""Words as strings of phonemes, and how likely a string is for what an English ear wrote down of a clip.

The second giant of a course on voices: it was taught with no clip of these words. What letter-to-sound rules of two languages
make of a word's spelling is in a table of the box (`strings`); what a recogniser hears in a clip, `shoulders.sounds.ears` says.
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from shoulders.support import places
from shoulders.support.errors import CourseError

READINGS = ("native", "accent", "read")
"""As a Spanish voice says it; in English sounds near the Spanish ones; as English letter-to-sound reads the spelling."""

SIGNS = (
    "a", "aɪ", "aʊ", "b", "d", "d͡ʒ", "e", "eɪ", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "oʊ", "p", "s", "t",
    "t͡ʃ", "u", "v", "w", "z", "æ", "ð", "ŋ", "ɑ", "ɒ", "ɔ", "ɔɪ", "ə", "ɚ", "ɛ", "ɜ", "ɝ", "ɟ", "ɣ", "ɪ", "ɫ", "ɲ",
    "ɹ", "ɾ", "r", "ʃ", "ʊ", "ʌ", "ʎ", "ʒ", "ʝ", "ʔ", "x", "β", "θ",
)  # fmt: skip
"""The phonemes that a string may hold, as the recogniser writes them: a column each of what is heard, after that of silence."""

SILENCE = 0
"""The column of no sound: the recogniser's blank, and its border between words."""

LEAST = -300.0
"""The least log probability of a string: one with more phonemes than the clip has moments has none at all."""

_OTHERWISE = {"tʃ": "t͡ʃ", "dʒ": "d͡ʒ", "ɡ": "g"}  # how espeak-ng and people write what the recogniser writes in another way
_NO_SOUND = "ˈˌː.ˑ ‿|"  # stress, length, borders: the recogniser does not write them
_LONGEST_FIRST = sorted({*SIGNS, *_OTHERWISE}, key=len, reverse=True)


class PhonemeError(CourseError):
    """A string or a clip cannot be compared; the message says why."""


def signs(ipa: str) -> tuple[str, ...]:
    """A string in the International Phonetic Alphabet, sign by sign.

    Parameters
    ----------
    ipa : str
        Signs of stress, length and borders make no difference.

    Raises
    ------
    PhonemeError
        For a sign that is not among `SIGNS`, and for a string without a sound.

    Examples
    --------
    >>> signs("ˈotʃo"), signs("nwˈeɪveɪ")
    (('o', 't͡ʃ', 'o'), ('n', 'w', 'eɪ', 'v', 'eɪ'))
    """
    found, rest = [], ipa.lstrip(_NO_SOUND)
    while rest:
        sign = next((one for one in _LONGEST_FIRST if rest.startswith(one)), None)
        if sign is None:
            raise PhonemeError(f"{rest[0]!r} in {ipa!r} is no phoneme that is known here: write it with {' '.join(SIGNS)}.")
        found.append(_OTHERWISE.get(sign, sign))
        rest = rest[len(sign) :].lstrip(_NO_SOUND)
    if not found:
        raise PhonemeError(f"{ipa!r} has no sound in it: write the word's phonemes, as in sˈinko.")
    return tuple(found)


def rows() -> list[dict]:
    """The table in the box: ``word``, ``english``, ``reading``, ``phonemes`` in IPA. Spain adds a native row to some."""
    with open(places.box() / "voices" / "strings.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def strings(readings=READINGS) -> dict[str, list[str]]:
    """The phoneme strings of each word of the box, in the words' order.

    Parameters
    ----------
    readings : sequence of str
        Some of `READINGS`.

    Raises
    ------
    PhonemeError
    """
    if strange := set(readings) - set(READINGS):
        raise PhonemeError(f"No reading is called {', '.join(sorted(strange))}: choose among {', '.join(READINGS)}.")
    found = {}
    for row in rows():
        found.setdefault(row["word"], []).extend([row["phonemes"]] if row["reading"] in readings else [])
    return found


def ctc(heard: np.ndarray, some: list[str]) -> np.ndarray:
    """How likely each string is for a clip: its log probability over all ways to stretch it over the clip's moments.

    Parameters
    ----------
    heard : numpy.ndarray, shape (moments, 1 + len(SIGNS))
        Log probabilities, as `shoulders.sounds.ears` gives them.
    some : list of str
        Strings in IPA.

    Returns
    -------
    numpy.ndarray, shape (len(some),)
        ``-inf`` for a string that does not fit into so few moments.

    Raises
    ------
    PhonemeError

    Notes
    -----
    The forward pass of connectionist temporal classification: Graves, Fernández, Gomez & Schmidhuber 2006, ICML. Between the
    phonemes, before and after them stands silence. In each moment a way stays where it is, goes on to the next place, or leaps
    over the silence between two phonemes that differ.
    """
    path, ends, leap = _paths(tuple(some))
    reached, log = np.zeros(path.shape), np.zeros(len(path))
    reached[:, 0] = 1  # before the first moment: as if in the first silence, from which the first phoneme is the next place
    for moment in np.exp(heard.astype(float)):
        came = reached.copy()
        came[:, 1:] += reached[:, :-1]
        came[:, 2:] += leap[:, 2:] * reached[:, :-2]
        reached = came * moment[path]
        total = reached.sum(1, keepdims=True)
        reached /= total  # else the numbers would soon be too small to be told from zero
        log += np.log(total[:, 0])
    every = np.arange(len(path))
    with np.errstate(divide="ignore"):
        return log + np.log(reached[every, ends] + reached[every, ends - 1])


@cache
def _paths(some):
    """The columns of silence, phoneme, silence, … of each string, the place of its last silence, and where a leap is allowed."""
    columns = {sign: i + 1 for i, sign in enumerate(SIGNS)}
    parted = [[columns[sign] for sign in signs(ipa)] for ipa in some]
    path = np.full((len(parted), 1 + 2 * max(map(len, parted))), SILENCE)
    for row, string in zip(path, parted):
        row[1 : 2 * len(string) : 2] = string
    leap = np.zeros(path.shape, bool)
    leap[:, 2:] = (path[:, 2:] != SILENCE) & (path[:, 2:] != path[:, :-2])
    return path, np.array([2 * len(string) for string in parted]), leap


def scores(clips: list[np.ndarray], words: dict[str, list[str]]) -> np.ndarray:
    """The log probability of each word for each clip: of its strings, the likeliest.

    Parameters
    ----------
    clips : list of numpy.ndarray
        What was heard in each, shape (moments, 1 + len(SIGNS)).
    words : dict
        Strings in IPA of each word, as `strings` gives them; a word that was never heard may be among them.

    Returns
    -------
    numpy.ndarray, shape (len(clips), len(words))
        At least `LEAST`.

    Raises
    ------
    PhonemeError
        Also where a word has no string.
    """
    if without := [word for word, some in words.items() if not some]:
        raise PhonemeError(f"{', '.join(without)}: no string of phonemes. Write one, or choose a reading that has them.")
    some = [ipa for of_word in words.values() for ipa in of_word]
    first = np.cumsum([0, *map(len, words.values())][:-1])
    found = np.array([ctc(clip, some) for clip in clips]).reshape(len(clips), len(some))
    return np.maximum(np.maximum.reduceat(found, first, axis=1), LEAST)


def line(heard: np.ndarray) -> str:
    """What an English ear writes down: the likeliest sign of each moment, without silence and repeats.

    Parameters
    ----------
    heard : numpy.ndarray, shape (moments, 1 + len(SIGNS))

    Notes
    -----
    Best path decoding, in the paper of `ctc`.
    """
    best = heard.argmax(1)
    new = np.diff(best, prepend=SILENCE) != 0
    return " ".join(SIGNS[column - 1] for column in best[new] if column != SILENCE)
