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
# has a rhythm, vowels, hisses and stops. A network that has heard little but English is in the same place. **Can you teach it
# Spanish words, with one clip each?**
#
# You will teach 28 words with [clips](glossary.ipynb) of English voices: the [head](glossary.ipynb) is yours, the ears are a
# [giant](glossary.ipynb)'s. Everything after the ears is what you know from pictures: features, a head, intervals.
#
# When you are through, you will be able to
#
# * say how a clip of any length becomes a row of features of one length;
# * teach words with 1, 2, 5 and 20 clips each, and hold the result against controls;
# * find the layer that knows words, and one that has forgotten them;
# * split clips so that the result holds for strangers.
#
# You need lesson 01. After a restart: *Run, Run All Above Selected Cell*; what the giant heard is remembered.

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
# The words are the numbers from one to ten, the days of the week, and what a face has or wears. No person speaks here:
# programs do, called **synthesisers**, and each has several voices. They mangle the words in two ways, called **readings**:
#
# * `read`: the Spanish spelling, read as if it were English;
# * `accent`: an English sound in the place of each Spanish one.
#
# Look at the two lists of voices. Is any name in both?

# %%
print(exercise.meanings(clips))
print("taught by", *np.unique(exercise.told(clips.train, "voice")))
print("asked by ", *np.unique(exercise.told(clips.valid, "voice")))

# %% [markdown]
# None is. Remember that: later on, a colleague is less careful.
#
# ## Predict before you run
#
# You give one clip of each word, 28 clips in all. Then the voices of the second list say the words, in 420 clips. Of 100 of
# these, how many will be named correctly? Guessing blindly gives 3 or 4. And with five clips of each word?

# %%
my_guess = guesses.keep("11a clips of each word", {"one clip": None, "five clips": None})

# %% [markdown]
# ## Step 1: hear
#
# The word *seis*, six. First as Spanish has it, then in two English mouths. Press play, and look at the picture above: a
# **spectrogram** has time to the right and pitch upwards, and is bright where it is loud. Look for the hiss, the *s*.

# %%
spanish = exercise.native(clips)
seis = {
    "a Spanish voice": exercise.one_of(spanish.train, "seis"),
    "accent: English sounds": exercise.one_of(clips.train, "seis", reading="accent"),
    "read: the spelling, as English": exercise.one_of(clips.train, "seis", reading="read"),
}
players(seis)

# %% [markdown]
# Three times the same skeleton: a hiss, which reaches far up; vowels, which are made of bright bars; a hiss. How long each
# lasts, and where the bars lie, differs from mouth to mouth. The giant has to hear the skeleton.
#
# ## Step 2: ears that heard English
#
# The giant of the pocket edition is Google's **speech embedding**. It was trained to tell words apart, mostly English ones.
# It has 0.33 million weights, 14 times fewer than the giant of lesson 01's pocket edition. As ears, it works like this:
#
# 1. The clip becomes a spectrogram, a row every hundredth of a second: loud or quiet at 32 pitches.
# 2. A network of 20 [convolutions](glossary.ipynb) looks at 0.76 s of it, and says 96 numbers. Then it moves on by 0.08 s,
#    and says the next 96.
# 3. What is said in a clip is parted into three equal **stretches**: beginning, middle, end. The mean of each makes
#    96 numbers.
#
# The three clips of *seis* last between 0.7 and 1.2 s. How many numbers does each become?

# %%
heard = features.look(giant, list(seis.values()))["hidden"]
print(f"{giant.card.parameters / 1e6:.2f} million weights")
print(f"{len(heard)} clips became {len(heard)} rows of {heard.shape[1]} numbers")

# %% [markdown]
# In the pocket edition 3 × 96 = 288, whatever the length: a table, as lesson 01 has it for pictures.
#
# Why stretches? One mean over the whole clip hardly knows in which *order* the sounds came. Three means keep the beginning
# apart from the end, and fit a slow voice as well as a quick one. With a single mean
# about 7 in 100 of our clips fewer are named correctly.
#
# ### Exercise 1: stretches
#
# Write `stretches`. It is given what the network says, an array with a row for each moment, and how many stretches there are
# to be. The number of rows can be divided by it. Return one row of numbers: the mean of the first stretch, then of the
# second, and so on.


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
# One clip of each word was enough for this. Who does the work, the giant or the head? **Controls** tell, the same head with
# other ears:
#
# * *random weights*: the same network, before it heard anything;
# * *mfcc*: what speech recognisers used before networks, [numbers by rules](glossary.ipynb) for the colour of a sound;
# * *duration*: nothing but how long the word is.
#
# Each is taught three times, with three [draws](glossary.ipynb) of clips. Which comes nearest to the giant? (10 to 30 s on
# two cores.)

# %%
def three_draws(ears):
    return [training.feature_extraction(ears, clips, per_class=1, seed=seed) for seed in range(3)]


taste = {"speech embedding": three_draws(giant)}
taste |= {name: three_draws(ears) for name, ears in exercise.controls().items()}
plots.runs(taste, "One clip of each of 28 words, voices apart", chance=1 / len(clips.classes))

# %% [markdown]
# Random weights hear something: a network that mixes its input still has it inside. The old way, *mfcc*, hears more; the
# length of a word tells next to nothing. The rest of the way is owed to what the giant has learnt from other people's words.
#
# Now 1, 2, 5 and 20 clips of each word. Look at the axis: it is [logarithmic](glossary.ipynb). (20 to 40 s on two cores: the
# head tries several ways to fit, and 28 classes take longer than two.)

# %%
rows = comparison.rows(clips, giant, per_class=(1, 2, 5, 20), seeds=3)
plots.comparison(rows, word="clip")

# %%
five = np.mean([row["accuracy"] for row in rows if row["per_class"] == 5])
print(guesses.beside(my_guess.get("five clips"), 100 * five))

# %% [markdown]
# The first clips bring most, and each further one less than the one before: the curve that you know from pictures.
#
# Which words are taken for which? The cell counts the mistakes of a head that had 20 clips of each word. (4 to 10 s.)

# %%
best = training.feature_extraction(giant, clips, per_class=20)
print(best)
wrong = best.mistakes()
names = np.array(clips.classes)
said, heard = names[clips.valid.labels[wrong]], names[best.predictions[wrong]]
pairs = pd.DataFrame({"said": said, "heard": heard})
pairs.value_counts().head(6).rename("times").reset_index()

# %% [markdown]
# Say these pairs aloud, as an English speaker would. Most of them share an ending, as *viernes*, *jueves* and *lunes* do. But
# no pair comes up often: the mistakes are few, and spread over many pairs.
#
# ## Step 4: which layer knows words?
#
# As with pictures, you may cut anywhere. Below, a head on each layer of the giant, from the first to the last, with five
# clips of each word (15 to 30 s on two cores). These heads are [ridge regressions](glossary.ipynb), which are fitted at once.
#
# In the pocket edition `pool1` to `pool4` are layers that [make maps smaller](glossary.ipynb), and `embedding` is the last,
# with the 96 numbers. Does the curve climb to the end?

# %%
layers = exercise.layers(giant)
ours = exercise.by_layer(giant, clips, layers, 5)
plots.depth(ours, "Five clips of each word: a head on each layer", 1 / len(clips.classes))

# %% [markdown]
# In the pocket edition it does: each layer knows words better than the one below.
#
# Two more giants do not come with the course; what they reach was measured with the same clips, and kept.
#
# * *Whisper* was trained to write down English speech. Its ears are convolutions, `conv`, and four [blocks](glossary.ipynb).
#   `final` is the last block, [normalised](glossary.ipynb).
# * *Resemblyzer* was trained to know **who** speaks, whatever is said. Its layers, `lstm0` to `lstm2`, go through a clip from
#   its beginning to its end, with a memory; [LSTM](glossary.ipynb) is their kind. `embedding` is the last.
#
# At which layer does each know words best?

# %%
kept = exercise.kept(5)
print(exercise.about())
plots.depth(kept, "Five clips of each word: a head on each layer", 1 / len(clips.classes))

# %% [markdown]
# The network that writes knows words best at its end. The one that knows who speaks hears them quite well half way up; at its
# end most of that is gone. For *who*, the word is noise. **A giant may forget what its own question did not need.** So ask
# what it was trained for, and try layers below the last.
#
# ## Step 5: a colleague's result
#
# “I get more than you”, writes a colleague, “with the same clips, the same giant, the same head.” The colleague has put all
# clips in one heap and held out a quarter of each word, by lot. By how much is that better? (4 to 10 s on two cores.)

# %%
theirs = exercise.colleague(clips)
flattered = training.feature_extraction(giant, theirs, per_class=20)
print(exercise.drop(best, flattered))

# %% [markdown]
# The code has no mistake. What is wrong? Ask whose voices are in the colleague's validation part.
#
# ### Exercise 2: strangers
#
# Write `strangers`. It is given two arrays of names: the voice of each training clip, and the voice of each validation clip.
# Return the positions, counted from 0, of those validation clips whose voice no training clip has.


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
# Not one clip of a stranger: the colleague has measured how well the head serves those who taught it. That is a question, but
# not yours. With clips of people it is the same. For clips of your own, `shoulders compare CLIPS --groups PATTERN` in a
# terminal keeps each voice on one side: the pattern says which part of a file's name is the voice.
#
# ## Step 6: another engine
#
# Even strangers may be sisters. Eight of the ten voices that taught come from one program, or **engine**, called *espeak*,
# and they share how they sound and how they read. What if espeak alone teaches, with ten clips of each word? Three kinds of
# strangers ask: other voices of espeak, voices of the engine *flite*, and voices of a third, *pico*. (10 to 20 s on two
# cores.)

# %%
espeak = exercise.only(clips, engine="espeak")
asked = {
    "espeak, other voices": exercise.asked(espeak, engine="espeak"),
    "flite": exercise.asked(espeak, engine="flite"),
    "pico": exercise.only(exercise.elsewhere(clips), engine="espeak"),
}
single = {name: [training.feature_extraction(giant, held, 10)] for name, held in asked.items()}
plots.runs(single, "Taught by espeak alone, asked by …", chance=1 / len(clips.classes))

# %% [markdown]
# The voices are strangers in all three lines. In the first, their *engine* is known; in the others, it sounds otherwise and
# has its own rules for reading. The intervals do not touch. Mind that pico's clips are all of the reading `read`, while the
# others' are of both: its line is not owed to the engine alone.
#
# ### Exercise 3: what may be on both sides?
#
# You are about to measure how well your head will serve a stranger, who speaks in the ways that were taught. Of `"word"`,
# `"voice"`, `"engine"` and `"reading"`, which must *not* be shared by training and validation? Give a set of names.

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
# `{"voice", "engine"}`: a stranger brings a voice of their own, and was made by no engine of ours. Words and readings are
# what is taught. Our own split keeps voices apart, and engines not: espeak is on both sides, and *festival*, the engine of
# the two other voices that taught, has its rules for reading from the same source as flite. So it flatters, too.
#
# </details>
#
# ## Your own voice
#
# Press *Record*, say one of the 28 words, and see what the head makes of it, taught with all training clips. (4 to 15 s on
# two cores until the button is there.) Without a microphone choose a clip from the list, or give a file. What you say goes to
# this notebook's kernel alone and is not kept.

# %% tags=["this-machine"]
ask = exercise.answering(giant, clips)
examples = {word: exercise.one_of(clips.valid, word) for word in ("lunes", "ojo", "siete")}
Microphone(ask, clips=examples)

# %% [markdown]
# Is it wrong more often than above? No person has taught this head, and step 6 showed what a new kind of speaker costs.
# Whether a few clips of your own for each word would mend it is a question that you can now answer by measuring.
#
# ## Key points
#
# * A clip of any length becomes one row: the network says something about each moment, and means over a few stretches keep
#   the order.
# * From there on nothing is new: features, a head, few examples, intervals, controls.
# * What the giant has learnt, mostly from English, helps to tell Spanish words apart. It was never asked to.
# * A giant may forget what its own question did not need. A layer below the last may know more.
# * Voices, and what makes them, are kept apart, or the accuracy is not one for strangers.
#
# **What the numbers do not show.** All clips are synthetic, and the mangling is ours, made by rules. How much noise they have
# was set by looking at how well *mfcc* did on them: its figure is of our making, and the giant's lead is an example, no
# evidence.
#
# On free recordings of people who say English digits, the pocket edition's giant names 94.7 % of 600 clips (92.6 to 96.2 %)
# of speakers who were left out, with 20 clips a digit. How well it does with *your* Spanish, nobody knows before it is
# measured.
#
# **Where to go next.** 11b adds a second giant, one that knows languages, and meets words of which nobody gave a clip.
#
# **References.** Lin, Kilgour, Roblek, Sharifi, *Training keyword spotters with limited and synthesized speech data*, 2020,
# arXiv 2002.01322 (the speech embedding). Wan, Wang, Papir, Moreno, *Generalized end-to-end loss for speaker verification*,
# 2018, arXiv 1710.10467 (what Resemblyzer follows). Radford and others, *Robust speech recognition via large-scale weak
# supervision*, 2022, arXiv 2212.04356 (Whisper). Davis and Mermelstein, *Comparison of parametric representations*, 1980
# (MFCC).
