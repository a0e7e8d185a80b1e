# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11a · Voices: Spanish through English ears
#
# *Minutes: 18 teaching, 15 exercises.* A microphone is welcome and not needed.
#
# Somebody who has only ever heard English hears a Spanish word. The sounds are strange, and yet the word is *something*: it
# has a rhythm, vowels, hisses and stops. A network that has only ever heard English is in the same place. **Can you teach it
# Spanish words, with one clip each?**
#
# You will teach 28 words as English speakers say them: the [head](glossary.ipynb) is yours, the ears are a
# [giant](glossary.ipynb)'s. Everything after the ears is what you know from pictures: features, a head, intervals.
#
# When you are through, you will be able to
#
# * say how a clip of any length becomes a row of features of one length;
# * teach words with 1, 2, 5 and 20 clips each, and hold the result against controls;
# * find the layer that knows words, and one that has forgotten them;
# * split clips so that the result holds for strangers.
#
# You need lesson 01. After a restart: Run, Run All Above Selected Cell; what the giant heard is remembered.

# %% [markdown]
# ## Which clips, which ears?
#
# The next cell loads the libraries (3 to 15 s on two cores), checks 1,092 clips, and says what runs here.

# %%
import numpy as np
import pandas as pd

from shoulders import comparison, editions, exercises, features, guesses, plots, training
from shoulders.widgets import players
from shoulders.widgets.microphone import Microphone

edition = editions.choose("11a")
clips, giant = edition.clips, edition.backbone
exercise = exercises.lesson_11a()
print(edition)

# %% [markdown]
# The words are the digits, the days of the week, and what a face has. No person speaks here: programs do, called
# *synthesisers*. English voices say the words in two mangled ways: by reading the Spanish spelling as if it were English
# (`read`), or by putting an English sound in the place of each Spanish one (`accent`).

# %%
voices = exercise.told(clips.train, "voice"), exercise.told(clips.valid, "voice")
print(f"{len(clips.classes)} words: {', '.join(clips.classes)}")
print(f"taught by {', '.join(sorted(set(voices[0])))}")
print(f"asked of  {', '.join(sorted(set(voices[1])))}")

# %% [markdown]
# No voice is in both lists. Remember that: later on, a colleague is less careful.
#
# ## Predict before you run
#
# You give one clip of each word, 28 clips in all. Then voices that nobody has met say the words, 420 clips. Guessing blindly is
# right for 3.6 % of them. How many will be named correctly? And with five clips of each word?

# %%
my_guess = guesses.keep("11a clips of each word", {"one clip": None, "five clips": None})

# %% [markdown]
# ## Step 1: hear
#
# The word *seis*, six. First as Spanish has it, then in two English mouths. Press play, and look at the picture beside it: a
# **spectrogram** has time to the right and pitch upwards, and is bright where it is loud. Look for the hiss, the *s*.

# %%
spanish = exercise.native(clips)
players({
    "a Spanish voice": exercise.one_of(spanish.train, "seis"),
    "English sounds for Spanish ones": exercise.one_of(clips.train, "seis", reading="accent"),
    "the spelling, read as English": exercise.one_of(clips.train, "seis", reading="read"),
})  # fmt: skip

# %% [markdown]
# Three times the same skeleton: a hiss, which reaches to the highest pitches; a vowel, which is made of bright bars; a hiss.
# How long each lasts, and where the bars lie, differs from mouth to mouth. The giant has to hear the skeleton.
#
# ## Step 2: ears that heard English
#
# The giant of the pocket edition is Google's **speech embedding**. It was trained to tell words apart, in videos, mostly in
# English. It has 0.33 million weights, 14 times fewer than the smallest giant for pictures here. As ears, it works like this:
#
# 1. The clip becomes a spectrogram, a row every hundredth of a second: loud or quiet at 32 pitches.
# 2. A network of 20 [convolutions](glossary.ipynb) looks at 0.76 s of it at a time, and says 96 numbers. Then it moves on by
#    0.08 s.
# 3. What is said in a clip is parted into three equal **stretches**: beginning, middle, end. The mean of each makes 96 numbers.

# %%
row = features.look(giant, [exercise.one_of(clips.train, "seis")])["hidden"]
print(f"{giant.card.parameters / 1e6:.2f} million weights, trained on {giant.card.trained_on}")
print(f"a clip becomes {row.shape[1]} numbers, whether it lasts half a second or two")

# %% [markdown]
# Why stretches? A mean over the whole clip would forget the *order* of the sounds: *ojo*, *jo-o*. Three means keep the
# beginning apart from the end, and fit a slow voice as well as a quick one.
#
# ### Exercise 1: stretches
#
# Write `stretches`. It is given what the network says, an array with a row for each moment, and how many stretches there are to
# be; the number of rows can be divided by it. It gives one row: the mean of the first stretch, then of the second, and so on.


# %%
def stretches(rows, count):
    ### BEGIN SOLUTION
    return np.concatenate([part.mean(0) for part in np.split(rows, count)])
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.stretches.check(stretches)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def stretches(rows, count):
#     return np.concatenate([part.mean(0) for part in np.split(rows, count)])
# ```
#
# </details>
#
# ## Step 3: one clip of each word
#
# The giant hears all clips once (5 to 20 s on two cores; remembered afterwards). Then a head, a logistic regression, learns
# from one clip of each word.

# %%
one = training.feature_extraction(giant, clips, per_class=1)
print(one)
print(guesses.beside(my_guess.get("one clip"), 100 * one.accuracy))

# %% [markdown]
# From one clip each, and from voices that it has never met. Who does the work, the giant or the head? **Controls** tell:
#
# * *random weights*: the same network, before it heard anything;
# * *mfcc*: what telephones used before networks, 13 numbers for the colour of a sound and how they change;
# * *duration*: nothing but how long the word is.

# %%
def three_draws(ears):
    return [training.feature_extraction(ears, clips, per_class=1, seed=seed) for seed in range(3)]


taste = {"speech embedding": three_draws(giant)}
taste |= {name: three_draws(ears) for name, ears in exercise.controls().items()}
plots.runs(taste, "One clip of each of 28 words, voices apart", chance=1 / len(clips.classes))

# %% [markdown]
# Random weights hear something: a network that mixes its input still has it inside. The old way, *mfcc*, hears more; the
# length of a word tells next to nothing. What the giant has learnt from other people's English is the rest of the way.
#
# More clips (20 to 40 s on two cores: the head chooses how strongly to fit, and 28 classes take longer than two):

# %%
rows = comparison.rows(clips, giant, per_class=(1, 2, 5, 20), seeds=3)
plots.comparison(rows, word="clip")

# %%
five = np.mean([row["accuracy"] for row in rows if row["per_class"] == 5])
print(guesses.beside(my_guess.get("five clips"), 100 * five))

# %% [markdown]
# Steep at first, then flat: the curve that you know from pictures. Which words are taken for which?

# %%
best = training.feature_extraction(giant, clips, per_class=20)
wrong = best.mistakes()
names = np.array(clips.classes)
said, heard = names[clips.valid.labels[wrong]], names[best.predictions[wrong]]
pairs = pd.DataFrame({"said": said, "heard": heard})
pairs.value_counts().head(6).rename("times").reset_index()

# %% [markdown]
# Say these pairs aloud, as an English speaker would. Many share an ending, a vowel or a hiss; in some, one word is half of
# the other. A person might make these mistakes.
#
# ## Step 4: which layer knows words?
#
# As with pictures, you may cut anywhere. Below, a head on each layer of the giant, from the first to the last, with five
# clips of each word (15 to 30 s on two cores). These heads are ridge regressions, which are fitted at once.

# %%
layers = exercise.layers(giant)
ours = exercise.by_layer(giant, clips, layers, 5)
plots.depth(ours, "Five clips of each word: a head on each layer", 1 / len(clips.classes))

# %% [markdown]
# Two more giants are not in the box; what they reach was measured with the same clips, and kept. *Whisper*'s encoder was
# trained to write down English speech. *Resemblyzer* was trained to know **who** speaks, whatever is said.

# %%
kept = exercise.kept(5)
print(exercise.about())
plots.depth(kept, "Five clips of each word: a head on each layer", 1 / len(clips.classes))

# %% [markdown]
# Look at the last layer of the network that knows who speaks. Half way up it hears words quite well. At its end they are
# gone: for *who*, the word is noise, and training has thrown it away. **A giant forgets what its own question did not need.**
# So ask what it was trained for, and try a layer below the last.
#
# ## Step 5: a colleague's result
#
# “I get more than you”, writes a colleague, “with the same clips, the same giant, the same head.” The colleague has put all
# clips in one heap and held out a quarter of each word, by lot.

# %%
theirs = exercise.colleague(clips)
flattered = training.feature_extraction(giant, theirs, per_class=20)
print(exercise.drop(best, flattered))

# %% [markdown]
# What is wrong? Whose voices are in the colleague's validation part?
#
# ### Exercise 2: strangers
#
# Write `strangers`. It is given the voice of each training clip and of each validation clip, two arrays of names. It gives the
# positions of those validation clips whose voice no training clip has.


# %%
def strangers(taught, asked):
    ### BEGIN SOLUTION
    return np.flatnonzero(~np.isin(asked, taught))
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.strangers.check(strangers)

# %%
for whose, held in (("the colleague's", theirs), ("ours", clips)):
    found = strangers(exercise.told(held.train, "voice"), exercise.told(held.valid, "voice"))
    count = "no answer yet" if found is None else f"{len(found)} of {len(held.valid)}"
    print(f"validation clips of strangers, {whose}: {count}")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def strangers(taught, asked):
#     return np.flatnonzero(~np.isin(asked, taught))
# ```
#
# </details>
#
# With people it is the same, and worse: whoever tests on the voices that taught measures memory. In this package `groups`
# keeps what belongs together on one side, as `shoulders compare CLIPS --groups PATTERN` does.
#
# ## Step 6: another engine
#
# Even strangers may be sisters. Eight of the ten voices that taught come from one program, *espeak*, and they share how they
# read. What if espeak alone teaches, and voices of other programs ask? (10 to 20 s on two cores.)

# %%
espeak = exercise.only(clips, engine="espeak")
abroad = exercise.elsewhere(clips)
asked = {
    "espeak, other voices": exercise.asked(espeak, engine="espeak"),
    "flite": exercise.asked(espeak, engine="flite"),
    "pico": exercise.only(abroad, engine="espeak"),
}
found = {name: training.feature_extraction(giant, held, 10) for name, held in asked.items()}
single = {name: [result] for name, result in found.items()}
plots.runs(single, "Taught by espeak alone, asked by …", chance=1 / len(clips.classes))

# %% [markdown]
# The voices are strangers in all three lines. In the first, their *engine* is known; in the others, the engine reads the
# spelling by rules of its own. The drop is larger than between any two voices.
#
# ### Exercise 3: what may be on both sides?
#
# You are about to measure how well your head will serve a stranger. Of `"word"`, `"voice"`, `"engine"` and `"reading"`, which
# must *not* be the same in training and in validation? Give a set of names.

# %%
### BEGIN SOLUTION
apart = {"voice", "engine"}
### END SOLUTION
### BEGIN LEARNER
# apart = None  # your answer goes here, as {"word", "reading"}
### END LEARNER
exercise.ways.check(apart)

# %% [markdown]
# <details><summary>Solution</summary>
#
# `{"voice", "engine"}`: a stranger brings a voice of their own and reads by their own rules. Words and the ways to mangle
# them are what is taught. Our own split keeps voices apart, and engines in part: espeak is on both sides, flite on one alone.
#
# </details>
#
# ## Your own voice
#
# Press *Record*, say one of the 28 words, and see what the head makes of it. Without a microphone choose a clip from the
# list, or give a file. What you say goes to this notebook's kernel alone and is not kept.

# %% tags=["this-machine"]
ask = exercise.answering(giant, clips)
examples = {word: exercise.one_of(clips.valid, word) for word in ("lunes", "ojo", "siete")}
Microphone(ask, clips=examples)

# %% [markdown]
# If it is wrong more often than above: you are neither espeak nor flite. No person has taught this head. Five clips of your
# own for each word would help more than a hundred of theirs, as lesson 06 showed with hands.
#
# ## Key points
#
# * A clip of any length becomes one row: the network says something about each moment, and means over a few stretches keep the
#   order.
# * From there on nothing is new: features, a head, few examples, intervals, controls.
# * The giant knows English, and that is enough to tell Spanish words apart. It was never asked to.
# * A giant forgets what its own question did not need. The layer below the last may know more.
# * Voices, and what makes them, are kept apart, or the accuracy is one of memory.
#
# **What the numbers do not show.** All clips are synthetic, and the mangling is ours, made by rules. How much noise there is
# was set by how well the old way did, so these figures confirm nothing independently. On free recordings of English digits,
# the same giant names 94.7 % of 600 clips (92.6 to 96.2 %) of speakers who were left out, with 20 clips a digit. How well it
# does with *your* Spanish, nobody knows before it is measured.
#
# **Where to go next.** 11b adds a second giant, one that knows languages, and meets words of which nobody gave a clip.
#
# **References.** Lin, Kilgour, Roblek, Sharifi, *Training keyword spotters with limited and synthesized speech data*, 2020,
# arXiv 2002.01322 (the speech embedding). Wan, Wang, Papir, Moreno, *Generalized end-to-end loss for speaker verification*,
# 2018, arXiv 1710.10467 (what Resemblyzer follows). Radford and others, *Robust speech recognition via large-scale weak
# supervision*, 2022, arXiv 2212.04356 (Whisper). Davis and Mermelstein, *Comparison of parametric representations*, 1980
# (MFCC).
