"""The words: ten digits, seven days, eleven things of a face; how each sounds, written down by hand."""
from dataclasses import dataclass
from unicodedata import combining, normalize


@dataclass(frozen=True)
class Word:
    """A word as it is written, in English, and its sounds in Latin American Spanish.

    `sounds` has phones between spaces, syllables between dots, and ' before the syllable with the stress. `x` is the j of
    *ojo*, `y` and `w` the glides of *siete* and *cuatro*, `ei` the diphthong of *seis*.
    """

    spanish: str
    english: str
    sounds: str

    @property
    def plain(self):
        """Without accents, as it stands on a sheet for somebody who has never seen one."""
        return "".join(letter for letter in normalize("NFD", self.spanish) if not combining(letter))

    @property
    def syllables(self):
        """A list of (phones, whether it is stressed)."""
        return [(one.replace("'", "").split(), "'" in one) for one in self.sounds.split(".")]


WORDS = [
    Word("uno", "one", "'u . n o"), Word("dos", "two", "'d o s"), Word("tres", "three", "'t r e s"),
    Word("cuatro", "four", "'k w a . t r o"), Word("cinco", "five", "'s i n . k o"), Word("seis", "six", "'s ei s"),
    Word("siete", "seven", "'s y e . t e"), Word("ocho", "eight", "'o . ch o"), Word("nueve", "nine", "'n w e . b e"),
    Word("diez", "ten", "'d y e s"),
    Word("lunes", "monday", "'l u . n e s"), Word("martes", "tuesday", "'m a r . t e s"),
    Word("miércoles", "wednesday", "'m y e r . k o . l e s"), Word("jueves", "thursday", "'x w e . b e s"),
    Word("viernes", "friday", "'b y e r . n e s"), Word("sábado", "saturday", "'s a . b a . d o"),
    Word("domingo", "sunday", "d o . 'm i n . g o"),
    Word("ojo", "eye", "'o . x o"), Word("ceja", "eyebrow", "'s e . x a"), Word("nariz", "nose", "n a . 'r i s"),
    Word("oreja", "ear", "o . 'r e . x a"), Word("boca", "mouth", "'b o . k a"), Word("sombrero", "hat", "s o m . 'b r e . r o"),
    Word("bigote", "moustache", "b i . 'g o . t e"), Word("lazo", "bow", "'l a . s o"),
    Word("anteojos", "glasses", "a n . t e . 'o . x o s"), Word("pelo", "hair", "'p e . l o"),
    Word("pendiente", "earring", "p e n . 'd y e n . t e"),
]  # fmt: skip
