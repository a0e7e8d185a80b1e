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
# # 07c · Skin
#
# *Minutes: 22 teaching, 15 exercises.*
#
# Of ten moles that come before the doctor in this lesson, nine are harmless. Whoever calls all of them harmless is right nine
# times out of ten. **What does a wrong answer cost?** You teach a network to tell **benign** moles, the harmless ones, from
# **malignant** ones, which are cancer. You choose from where on it should raise the alarm, and then find out why its splendid
# numbers are worth little at another clinic.
#
# **This is a lesson and no medical device.** Nothing here says anything about anybody's skin. Whoever worries about a mole
# shows it to a doctor.
#
# When you are through, you will be able to
#
# * tell **sensitivity** and **specificity**, each with its interval, where accuracy hides them;
# * read a **ROC curve**, and choose a threshold by what mistakes cost, on pictures that you do not report;
# * say whether a probability is one, and mend it where it is not;
# * find a **shortcut**, and say what it would have cost;
# * read “as good as doctors” with open eyes.
#
# You need lessons 01 and 04b. New words are **bold**, or lead to the [page of words](glossary.ipynb). After a restart: Run, Run
# All Above Selected Cell; what the network saw is remembered.

# %% [markdown]
# ## Which moles, which network?
#
# The next cell loads the libraries (5 to 20 s). In the full edition the pictures are photographs through a **dermatoscope**, a
# lens that is put on the skin: HAM10000, for non-commercial use. The pocket edition has renderings that were drawn to look like
# such pictures: nobody has ever had these moles. Steps 5 to 7 use the renderings in both editions, because there we know what
# was drawn.

# %%
import numpy as np

from shoulders import (
    cutting,
    editions,
    exercises,
    features,
    guesses,
    heads,
    intervals,
    plates,
    plots,
    training,
    visualize,
)
from shoulders.heads import decisions
from shoulders.support.words import bounds, share

edition = editions.choose("07c")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_07c(edition)
print(edition)
print(pictures.overview())

# %% [markdown]
# Five benign ones above, five malignant ones below. Doctors look for four marks, **A, B, C, D**: **a**symmetry, a ragged
# **b**order, several **c**olours, a large **d**iameter. None of them decides alone: there are large harmless moles, and small
# dangerous ones.

# %%
ten = pictures.train.take(pictures.train.sample(5))
shown = [network.transform.cropped(path) for path in ten.paths]
plots.show_pictures(shown, [ten.classes[label] for label in ten.labels], columns=5)

# %% [markdown]
# ## Predict before you run
#
# A head like that of lesson 01 learns from the training part. How many of 100 *malignant* moles of the validation part will it
# call malignant?

# %%
my_guess = guesses.keep("07c malignant moles that are found", None)

# %% [markdown]
# ## Step 1: accuracy is the wrong number
#
# First without any network: what does somebody reach who never looks? (Then the network looks at all pictures: 5 to 30 s on
# two cores, and in the full edition 3 to 10 minutes.)

# %%
labels = pictures.valid.labels
print(exercise.blind(labels))
result = training.feature_extraction(network, pictures)
sure = result.probabilities[:, 1]  # how sure it is of malignant
print("The network:", result)

# %% [markdown]
# Ask two questions in place of one. Of all malignant moles, how many are **called in**, to be looked at by a doctor? That share
# is the **sensitivity**. Of all benign ones, how many are left in peace? That is the **specificity**.
#
# ### Exercise 1: two shares
#
# `called` says of each mole whether it is called in (`True`), `labels` whether it is malignant (1) or benign (0). Give the
# sensitivity and the specificity.


# %%
def shares(called, labels):
    ### BEGIN SOLUTION
    return called[labels == 1].mean(), (~called[labels == 0]).mean()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.shares.check(shares)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def shares(called, labels):
#     return called[labels == 1].mean(), (~called[labels == 0]).mean()
# ```
#
# </details>

# %%
half = decisions.decide(sure, labels, 0.5)
print(half)
print(guesses.beside(my_guess, 100 * half.sensitivity))

# %% [markdown]
# Look at the two intervals. There are many benign moles and few malignant ones, so the number that matters most is the one that
# is known least. Whoever tests on 240 pictures, 24 of them malignant, has tested 24 times whether a cancer is found.
#
# ## Step 2: every threshold at once
#
# “Malignant from 50 % on” is one **threshold** of many. Lower it, and more cancers are found; more healthy people are called in,
# too. The **ROC curve** shows all of them: upwards what is found, to the right who is called in for nothing. Guessing lies on
# the dotted line. The **area under the curve** is how often the network finds a malignant mole more suspect than a benign one,
# if it is shown one of each: 0.5 is guessing, 1 is perfect.
#
# Here are the [giants](glossary.ipynb) of this machine side by side, each with a head of its own. The cross is the threshold of
# 50 %, with its two intervals. (5 to 30 s on two cores; with large networks, minutes each.)

# %%
found = exercise.giants(edition)
answers = {name: (each.probabilities[:, 1], labels) for name, each in found.items()}
plots.roc(answers, {network.name: half})

# %% [markdown]
# The intervals are DeLong's (1988). Where they overlap widely, as in the pocket edition, do not call one giant the better one.
# (All were asked about the same moles: a [paired](glossary.ipynb) test would tell a little more.)
#
# ## Step 3: a threshold has a price
#
# A cancer that is missed costs more than a visit that was not needed. How much more is no question for a computer: patients,
# doctors and those who pay must say it. Say that a miss costs as much as 20 false alarms.
#
# ### Exercise 2: the cheapest threshold
#
# For each of `thresholds` you know how many cancers it `misses` and how many `alarms` are false. A false alarm costs 1, a miss
# costs `miss`. Which threshold is the cheapest?


# %%
def cheapest(thresholds, misses, alarms, miss):
    ### BEGIN SOLUTION
    return thresholds[np.argmin(miss * misses + alarms)]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.cheapest.check(cheapest)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def cheapest(thresholds, misses, alarms, miss):
#     return thresholds[np.argmin(miss * misses + alarms)]
# ```
#
# </details>
#
# Where do the misses and alarms come from? Not from the validation part: what chooses must not judge. Not from training pictures
# as they are, either: the head knows their answers. So we deal the training pictures into five parts, and ask about each part a
# head that was taught with the other four. This is **cross-validation**.
#
# And one thing has to be known from elsewhere: how many of those who come have it, the **prevalence**. We take that of the
# validation part, as if the clinic had told us.

# %%
miss, prevalence = 20, labels.mean()
seen = features.extract(network, pictures.train)
left_out = decisions.left_out(seen["hidden"], seen.labels)
choice = decisions.cheapest(left_out, seen.labels, prevalence, miss)
plots.price(left_out, seen.labels, prevalence, miss, chosen=choice.threshold)

# %%
ours = decisions.decide(sure, labels, choice.threshold)
for name, each in {"chosen on the training part": ours, "from 50 % on": half}.items():
    print(f"{name} ({share(each.threshold)}): {each.cost(prevalence, miss):,.0f} per 1,000 people")
print(ours)

# %% [markdown]
# The cost on the validation part is what to report. In the pocket edition the chosen threshold costs less than half of what 50 %
# does. Change `miss` to 5, and run the two cells again: the threshold moves, and no number of the network has changed. (With 100
# it stays, in the pocket edition: in the figure, the line of the misses is flat just left of it.)
#
# ## Step 4: is a probability a probability?
#
# If the network says “30 %” of many moles, 30 in 100 of them should be malignant. The next figure holds what it said against
# what came, in five groups of moles from the least to the most suspect. The **Brier score** is the mean square of what it was
# off by: 0 is best.
#
# There is a reason to doubt. In the pocket edition, more of the training moles are malignant than of the clinic's, and the head
# has learnt that, too. It is mended by its **odds**: 20 % are odds of 20 to 80, or 0.25.
#
# ### Exercise 3: other odds
#
# A mole of which nothing is known has odds, too, those of the share: `before` is the share of malignant moles in the training
# part, `now` the share in the clinic. Bayes's rule: multiply the odds of every mole by the factor by which these odds
# change. `sure` holds the network's probabilities. Give the new ones.


# %%
def odds(sure, before, now):
    ### BEGIN SOLUTION
    odds = sure / (1 - sure) * now / (1 - now) * (1 - before) / before
    return odds / (1 + odds)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.odds.check(odds)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def odds(sure, before, now):
#     odds = sure / (1 - sure) * now / (1 - now) * (1 - before) / before
#     return odds / (1 + odds)
# ```
#
# </details>

# %%
shifted = decisions.shifted(sure, seen.labels.mean(), prevalence)
print(exercise.sharper("With the clinic's odds", sure, shifted, labels))
plots.reliability({"as it was taught": sure, "with the clinic's odds": shifted}, labels)

# %% [markdown]
# Points above the dotted line: more were malignant than the network said; below it, fewer. Where the Brier score is *too close to
# call*, as in the pocket edition, these pictures cannot show that the mended probabilities are better. In the group that matters
# most there are few moles, and the interval says so. Order is not touched by other odds: the ROC curve stays as it was.
#
# ## Step 5: what does the answer hang on?
#
# So far, all by the book: apart from the training pictures, with intervals, threshold chosen elsewhere. Would you sign?
#
# From here on, the moles are the rendered ones, in both editions. Their clinic has **camera A**. Ask with lesson 04b's tool:
# cover a part, and see what becomes of the answer. The window has the colour of the skin. First one malignant mole (3 to 20 s
# on two cores).

# %%
a, b = exercise.cameras["a"], exercise.cameras["b"]
taught = result if pictures.name == "moles" else training.feature_extraction(network, a)
whole = visualize.with_head(network, taught)
layer = f"0.network.{cutting.last_at_each_size(network)[-1]}"
scaled = exercise.with_scale(6)
window = {"patch": 64, "stride": 32, "fill": exercise.skin(scaled, network)}
plates.occlusion(visualize.occlusion(whole, scaled.paths[2], layer, 1, **window))

# %% [markdown]
# Read (a), the picture, and (d), how sure the network is of malignant. Where is it darkest? What lies there in
# (a)? A scale of a few millimetres: a doctor measures what worries her.
#
# One picture is an anecdote, so take six, with a frame around the window that hurts most (10 to 60 s on two cores).

# %%
covered = [visualize.occlusion(whole, path, layer, 1, **window) for path in scaled.paths]
hurts = [one.boxes[int(one.probability.argmin())] for one in covered]
print(exercise.on_the_scale(covered, scaled, network))
plates.boxes([one.picture for one in covered], {"the worst window": hurts, "the scale": exercise.scales(scaled, network)})

# %% [markdown]
# Did you see it in the pocket edition's ten pictures at the top? The network has learnt that doctors worry. It was never told to
# look at moles: it was told to give the answers of the training part, and a scale beside the mole is the cheapest way to them. No
# number of steps 1 to 4 could show it, because the scale lies in the validation pictures, too.
#
# ## Step 6: another camera
#
# **Camera B** sees moles drawn in the same way. Its glass has no scale: that is the only difference. Of 100 malignant moles of
# camera B, how many will the network find, from 50 % on?

# %%
my_bet = guesses.keep("07c malignant moles of camera B that are found", None)

# %%
elsewhere = features.extract(network, b.valid)
sure_b = heads.probabilities(taught.model, elsewhere["hidden"])[:, 1]
on_a, on_b = (decisions.decide(p, part.valid.labels, 0.5) for p, part in ((taught.probabilities[:, 1], a), (sure_b, b)))
print(exercise.drop("Camera A, then camera B", on_a, on_b))
print(guesses.beside(my_bet, 100 * on_b.sensitivity))
print(f"accuracy: camera A {share(on_a.accuracy)}, camera B {share(on_b.accuracy)}")

# %% [markdown]
# Read the last line twice. Somebody who reports accuracy hardly sees what happened.
#
# ## Step 7: mend it, and measure again
#
# Two remedies. **Cover the margin** of every picture, in training and after: what cannot be seen cannot be learnt. Or **teach
# both cameras**, so that the scale is no safe way to the answer any more. (10 to 60 s on two cores.)

# %%
mended = {
    "taught on camera A": sure_b,
    "margin covered": exercise.mended(network, [a.train], b.valid, cover=True),
    "taught on both": exercise.mended(network, [a.train, b.train], b.valid),
}
plots.roc({name: (p, b.valid.labels) for name, p in mended.items()})

# %%
for name, each in mended.items():
    print(exercise.told(name, each, b.valid.labels, 0.5), "\n")
for name in ("margin covered", "taught on both"):
    print(exercise.regained(name, sure_b, mended[name], b.valid.labels))

# %% [markdown]
# What camera A promised does not come back: part of its number was the scale, and what is left is what the network knows of
# moles. Look at both shares: a remedy may find more because it calls in more. The intervals are wide. With 24 malignant moles,
# two remedies are hard to tell apart, and that, too, is a result.
#
# ## Step 8: as good as doctors?
#
# Networks have been reported to be as good as dermatologists. Ask three questions each time: **how many** pictures, with which
# **interval**, and **who** was compared, at what.
#
# * Esteva and others (2017): on a par with 21 dermatologists, about pictures confirmed by biopsy, a piece of the skin under the
#   microscope. The network had learnt from 129,450 pictures.
# * Haenssle and others (2018): 58 dermatologists and Inception v4, the same 100 pictures. Doctors who saw the picture alone found
#   86.6 % on average, with a specificity of 71.3 %; at their sensitivity the network's specificity was 82.5 %. Told more of the
#   patient, the doctors came to 88.9 % and 75.7 %.
# * Haenssle and others (2020): 100 cases, 96 dermatologists. A network that is sold: sensitivity 95.0 % (83.5 to 98.6 %),
#   specificity 76.7 % (64.6 to 85.6 %).
#
# Where do such intervals come from? 38 of 40, and 46 of 60, fit the last line to the digit:

# %%
for right, n in ((38, 40), (46, 60)):
    print(f"{right} of {n}: {share(right / n)}, {bounds(*intervals.wilson(right, n))}")

# %% [markdown]
# Two wrong answers fewer or more, and the sensitivity reads 100 or 90 %. And the doctors looked at pictures on a screen, four in
# ten of them cancers. In a practice they see the whole patient, touch the skin, ask what has changed, and may say “come again in
# three months”.
#
# Shortcuts are real, too. In 2019, Winkler and others drew ink beside moles, as surgeons do. Of 107 benign ones, a network that
# was approved as a medical device had called 15.9 % malignant; with ink, about 40 [points](glossary.ipynb) more.
#
# And how do we know what was malignant? In HAM10000, a table says it of each lesion, that is, of each spot on a skin. Malignant
# ones were seen under the microscope (histology). Of benign ones, often somebody has only looked again later, or several
# doctors agreed. The next cell counts them, in the full edition:

# %%
print(exercise.confirmed(edition))

# %% [markdown]
# So the two classes differ in more than the skin: those that worried somebody were cut out. A scale is the shortcut that you can
# see. Who was cut out, and by whom, is one that you cannot.
#
# ## Break it on purpose
#
# A colleague chooses the threshold on the validation part, “since those are the newest pictures”. What does it save?

# %%
flattered = decisions.cheapest(sure, labels, prevalence, miss)
for name, each in {"chosen on the validation part": flattered, "chosen on the training part": ours}.items():
    print(f"{name} ({share(each.threshold)}): {each.cost(prevalence, miss):,.0f} per 1,000 people")

# %% [markdown]
# Nothing is saved. The colleague's number is never larger than yours, whatever the network is worth, because it was chosen to be
# small on just these pictures. On the next ones it need not be.
#
# ## Key points
#
# * Where one class is rare, accuracy is the wrong number. Tell sensitivity and specificity, each with its own n and interval.
# * A threshold is a decision about costs. Choose it on pictures that you do not report.
# * A network learns how often something comes. Where that changes, mend its odds.
# * Good numbers from the same camera prove nothing about a shortcut. Cover, look, and measure elsewhere.
# * “As good as doctors”: how many, which interval, who, at what.
#
# ## What these numbers show, and what they do not
#
# The pocket edition's moles are drawn, with marks that overlap as we wished and a scale as often as we wished: they show *that* a
# shortcut hides in good numbers, and nothing about skin. In the full edition the photographs are of two clinics, mostly of light
# skin, and not for commercial use. **Neither is a medical device, and no course can make one**: that takes other people's
# pictures, doctors, trials, and somebody who answers for it.
#
# ## References
#
# * P. Tschandl, C. Rosendahl, H. Kittler: *The HAM10000 dataset*, Scientific Data 5, 180161, 2018,
#   [doi 10.1038/sdata.2018.161](https://doi.org/10.1038/sdata.2018.161); licence CC BY-NC 4.0.
# * A. Esteva and others: *Dermatologist-level classification of skin cancer with deep neural networks*, Nature 542, 2017,
#   [doi 10.1038/nature21056](https://doi.org/10.1038/nature21056).
# * H. A. Haenssle and others: *Man against machine*, Annals of Oncology 29, 2018,
#   [doi 10.1093/annonc/mdy166](https://doi.org/10.1093/annonc/mdy166); *Man against machine reloaded*, Annals of Oncology 31,
#   2020, [doi 10.1016/j.annonc.2019.10.013](https://doi.org/10.1016/j.annonc.2019.10.013).
# * J. K. Winkler and others: *Association between surgical skin markings in dermoscopic images and diagnostic performance of a
#   deep learning convolutional neural network for melanoma recognition*, JAMA Dermatology 155, 2019,
#   [doi 10.1001/jamadermatol.2019.1735](https://doi.org/10.1001/jamadermatol.2019.1735).
# * E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, 1988, Biometrics 44: the interval of an area under the curve.
# * M. Saerens, P. Latinne, C. Decaestecker, 2002, Neural Computation 14: other odds.
# * G. W. Brier, 1950, Monthly Weather Review 78: his score. E. B. Wilson, 1927, JASA 22: the interval of a share.
