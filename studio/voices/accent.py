"""Spanish sounds through English ones: what a speaker of English makes of a word that was heard and not read.

Each Spanish phone has one or more English neighbours; which of them a clip takes is drawn. The neighbours are those that courses
of Spanish for speakers of English warn of: vowels become diphthongs or fade where there is no stress, j becomes h, the tapped r
becomes the English one, b between vowels may become v, and an s at the end z.
"""
NEIGHBOURS = {"a": ["aa"], "e": ["ey"], "o": ["ow"], "i": ["iy"], "u": ["uw"], "ei": ["ey"], "x": ["hh"]}
"""In the letters of the CMU pronouncing dictionary; a phone that is not here is written as it is."""
FADED = {"a": ["aa", "ax"], "e": ["ey", "eh"], "o": ["ow"], "i": ["iy", "ih"]}
"""Where there is no stress."""
CLOSED = {"e": ["eh"], "o": ["ow"]}
"""Before a consonant of the same syllable."""
IN_ESPEAK = {"aa": "A:", "ax": "@", "ey": "eI", "eh": "E", "ow": "oU", "iy": "i:", "ih": "I", "uw": "u:", "hh": "h", "y": "j",
             "ch": "tS", "ng": "N"}  # fmt: skip


def through_english(word, rng):
    """The English phones of a word, as `Word.syllables` has the Spanish ones."""
    spoken, before, last = [], "", len(word.syllables) - 1
    for at, (phones, stressed) in enumerate(word.syllables):
        after = word.syllables[at + 1][0][0] if at < last else ""
        english = []
        for i, phone in enumerate(phones):
            follows = phones[i + 1] if i + 1 < len(phones) else after
            closed = i + 1 < len(phones)
            english.append(str(rng.choice(_neighbours(phone, stressed, closed, before, follows))))
            before = phone
        spoken.append((english, stressed))
    return spoken


def _neighbours(phone, stressed, closed, before, follows):
    if phone == "n" and follows in ("k", "g"):
        return ["ng"]
    if phone == "b" and before in NEIGHBOURS and before != "x":
        return ["b", "b", "v"]
    if phone == "s" and not follows:
        return ["s", "s", "z"]
    if closed and phone in CLOSED:
        return CLOSED[phone]
    fades = not stressed and follows not in ("a", "e", "i", "o", "u")  # before another vowel none does
    return FADED[phone] if fades and phone in FADED else NEIGHBOURS.get(phone, [phone])


def for_espeak(syllables):
    """As espeak-ng takes phonemes; the bars keep two of them from being read as one."""
    said = ["'" * stressed + "|".join(IN_ESPEAK.get(phone, phone) for phone in phones) for phones, stressed in syllables]
    return f"[[{'|'.join(said)}]]"


def for_flite(syllables):
    """As flite's SSML takes them: a digit after each vowel, 1 for the stress."""
    said = [f"{phone}{int(stressed)}" if _is_vowel(phone) else phone for phones, stressed in syllables for phone in phones]
    return f'<speak><phoneme ph="{" ".join(said)}">word</phoneme></speak>'


def for_festival(syllables):
    """As an entry of festival's lexicon has them; its voices cannot go from h to w at once."""
    said = [(" ".join(phones).replace("hh w", "hh uw"), int(stressed)) for phones, stressed in syllables]
    return "(" + " ".join(f"(({phones}) {stressed})" for phones, stressed in said) + ")"


def _is_vowel(phone):
    return phone[0] in "aeiou"
