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
# # 07b · Choosing a giant
#
# *Minutes: 24 teaching, 18 exercises.*
#
# There are thousands of [giants](glossary.ipynb) to be had, and you have a question and a few pictures. You could try them all:
# let each look at every picture, put a head on each, compare. That takes a day, or a week. **Can you tell beforehand which giant
# will serve you best?**
#
# People have proposed *scores* for it. A score looks at a giant and at a handful of your pictures, and promises something,
# before anything is trained. You meet five, and then you do what advertisements leave out: hold promises against what came out.
#
# When you are through, you will be able to
#
# * say in a sentence what LogME, LEEP, the H-score, a probe and the nearest mean look at;
# * measure with **Kendall's tau** whether a score puts giants in the right order;
# * say what a choice on ten pictures of each class costs, and what it saves;
# * show how a score is fooled.
#
# You need lesson 01; 07a makes you ask for more. After a restart: Run, Run All Above Selected Cell; what the networks saw is
# remembered.

# %% [markdown]
# ## Which pictures, which giants?
#
# The next cell loads the libraries (3 to 15 s on two cores) and says what runs here.

# %%
import numpy as np
import pandas as pd

from shoulders import comparison, editions, exercises, features, guesses, plots, transferability
from shoulders.support.words import share

edition = editions.choose("07b")
pictures = edition.pictures
exercise = exercises.lesson_07b()
print(edition)

# %% [markdown]
# The candidates: a giant that Google trained; three small networks that were trained for this course, on other parts of the
# world each; and the control, the layers of one of them with [random weights](glossary.ipynb).

# %%
giants = exercise.giants()
for name, giant in giants.items():
    print(f"{name}: {'nothing' if name == 'random weights' else giant.card.trained_on}")

# %% [markdown]
# ## Predict before you run
#
# Each gets a new [head](glossary.ipynb), a logistic regression, that learns from *all* training pictures. Of 100 new ones, how
# many will it name correctly? Guessing blindly gives 50. What counts is the order in which you put the giants.

# %%
my_guess = guesses.keep("07b each giant", dict.fromkeys(giants))

# %% [markdown]
# ## Step 1: ten pictures of each class
#
# That is all a score may see. Each giant looks at them once, and says two things about each: its
# [hidden features](glossary.ipynb), and the scores of its *own* classes, terriers and teapots. (5 to 30 s on two cores.)

# %%
few = pictures.train.take(pictures.train.sample(10))
labels = few.labels
seen = {name: features.extract(giant, few, ["hidden", "classes"]) for name, giant in giants.items()}
print(f"{len(few)} pictures: {', '.join(few.classes)}")


def promise(score):
    """What a score, a function of features and labels, promises of each giant."""
    return pd.Series({name: round(score(one["hidden"], labels), 2) for name, one in seen.items()})


# %% [markdown]
# ## Step 2: five scores
#
# **The nearest mean** is the simplest. Each class has a mean: the average of its rows of features. Is a picture nearer to the
# mean of its own class than to the other's? It may not help itself: it is left out of its own mean. The score is the share
# of pictures for which the answer is yes.

# %%
promise(transferability.nearest_mean)

# %% [markdown]
# **The probe** trains after all, but so cheaply that it hardly counts: a [ridge regression](glossary.ipynb) on all pictures
# but one names the one that is left out, for each picture in turn. There is a short cut that fits once:
#
# $$\text{error without picture } i = \frac{\text{error with it}}{1 - h_i}$$
#
# where $h_i$, the *leverage*, says how much the fit bends to picture $i$.

# %%
promise(transferability.probe)

# %% [markdown]
# **LogME** asks: suppose the labels are a weighted sum of the features, plus noise. How *probable* are the labels that we see,
# over all weights that one might have chosen? A giant for which few of all possible weights would do gets little.
#
# $$\log p(\text{labels}) = \log \int p(\text{labels}\mid\text{weights})\;p(\text{weights})\;d\,\text{weights}$$
#
# Weights that fit by accident are a small part of the integral. So nothing has to be left out. Its scale is that of
# logarithms: only more or less counts.

# %%
promise(transferability.logme)

# %% [markdown]
# **The H-score** compares two spreads: how far the means of the classes lie apart, and how far single pictures do.
#
# $$H = \operatorname{trace}\left(\operatorname{cov}(\text{features})^{-1}\,\operatorname{cov}(\text{class means})\right)$$
#
# With two classes it lies between 0, the means coincide, and 1, nothing but the class makes features differ.

# %%
promise(transferability.h_score)

# %% [markdown]
# What is this? Of every giant it says the same, and of the random one, too. Twenty pictures are twenty points in a space of a
# hundred dimensions or more. There is always a direction in which nothing but the class makes them differ, whatever the classes
# are. **With fewer pictures than features the H-score is at its largest, and says nothing.** The paper has thousands of pictures.
#
# **LEEP** does not look at features at all. It asks the giant for its own words. Where it says *tabby*, which of our classes is
# it, among these pictures? If its words go with our classes, its knowledge does, too. For each picture:
#
# $$p(\text{our class}) = \sum_{\text{own class } z} p(\text{our class}\mid z)\;p(z\mid\text{picture})$$
#
# The score is the mean logarithm of what the right class gets: 0 would be certainty, and −0.69 is a coin.

# %%
words = {name: np.exp(one["classes"] - one["classes"].max(1, keepdims=True)) for name, one in seen.items()}
pd.Series({name: round(transferability.leep(one / one.sum(1, keepdims=True), labels), 2) for name, one in words.items()})

# %% [markdown]
# ## Step 3: what came out
#
# Now the work that the scores want to save: each giant looks at all pictures, and a head learns from all training pictures
# (10 to 40 s on two cores). `foretell` gives the five scores at once.

# %%
promised = transferability.foretell(giants, pictures.train)
came_out = {name: comparison.rows(pictures, giant)[0]["accuracy"] for name, giant in giants.items()}
taste = promised.assign(accuracy=pd.Series(came_out))
scores = {name: called for name, called in exercise.names.items() if name in promised}
heading = f"Promised on ten pictures of each class, and come out on {len(pictures.valid)} new ones"
plots.promised(taste, scores, "accuracy", heading)

# %% [markdown]
# If a score foretold the order, its marks would rise from left to right. Your own guess is a score, too:

# %%
for name, accuracy in came_out.items():
    print(f"{name}: {guesses.beside(my_guess.get(name), 100 * accuracy)}")

# %% [markdown]
# ### Exercise 1: Kendall's tau
#
# “Rises from left to right” wants a number. Take each *pair* of giants. Did the one of which more was promised come out better?
# Then the pair is in the right order. **Kendall's tau** is the share of pairs in the right order less the share in the wrong one:
# 1 for the same order, −1 for the reverse, 0 for none in common.
#
# (A score that says the same of all has no order: it is left out below, and counts as 0 in the large table.)
#
# Write `tau`. It is given two arrays, one number for each giant; no two numbers of an array are equal.


# %%
def tau(promised, came_out):
    ### BEGIN SOLUTION
    pairs = [(i, j) for i in range(len(promised)) for j in range(i)]
    return np.mean([np.sign(promised[i] - promised[j]) * np.sign(came_out[i] - came_out[j]) for i, j in pairs])
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.tau.check(tau)

# %%
ordered = {name: called for name, called in scores.items() if taste[name].round(6).nunique() > 1}
for name, called in ordered.items():
    found = tau(taste[name].to_numpy(), taste["accuracy"].to_numpy())
    print(f"{called}: {'no answer yet' if found is None else f'{found:+.2f}'}")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def tau(promised, came_out):
#     pairs = [(i, j) for i in range(len(promised)) for j in range(i)]
#     return np.mean([np.sign(promised[i] - promised[j]) * np.sign(came_out[i] - came_out[j]) for i, j in pairs])
# ```
#
# </details>
#
# ## Step 4: one question is no evidence
#
# A handful of giants at one question make ten pairs; a lucky score passes. So the same was done with more giants at many
# questions, on felt and on photographs. The photographs are not in the box, but their numbers are.

# %%
table = exercise.study.table
print(exercise.about())

# %% [markdown]
# Of each question and draw comes one tau. It is never taken over giants of different questions: of another question, a score
# has another scale. Below, each light dot is a question, the mean of its draws. The bar is the 95 % [interval](glossary.ipynb)
# for the mean over questions like these. (For it the questions are drawn anew, with replacement, ten thousand times: a
# **bootstrap**.)
#
# The last line is a control that looks at no picture: the more a giant computes, the better it is.

# %%
ways = exercise.names
found = transferability.agreement(table, scores=list(ways))
single = {name: transferability.taus(table, name) for name in ways}
plots.foretold(found, single, ways, "How often was the order of the giants foretold?")

# %%
print(exercise.foretold(found))
print(exercise.ahead(table, "nearest_mean", "gmacs"))
print(exercise.ahead(table, "logme", "gmacs"))

# %% [markdown]
# Some of these orders are easy: who looks at the pictures puts random weights last, and who counts multiplications cannot. What
# is left when only networks compete that have learnt something?

# %%
grown = table[~table.giant.str.contains("random")]
hard = transferability.agreement(grown, scores=list(ways))
pd.DataFrame({"all giants": found.tau, "those that learnt": hard.tau, "low": hard.low, "high": hard.high}).rename(ways).round(2)

# %%
print(exercise.foretold(hard))
print(exercise.ahead(grown, "nearest_mean", "gmacs"))
print(exercise.ahead(grown, "logme", "gmacs"))

# %% [markdown]
# And if the head, too, has no more than five, or twenty, pictures of each class?

# %%
counts = {"5": "accuracy_5", "20": "accuracy_20", "all": "accuracy_all"}
means = {count: transferability.agreement(table, column, list(ways)).tau for count, column in counts.items()}
pd.DataFrame(means).rename(ways).rename_axis("head taught with", axis=1).round(2)

# %% [markdown]
# ## Step 5: what a choice costs
#
# You do not need the order. You need *one* giant. If two are nearly alike, it does no harm to take the wrong one.
#
# ### Exercise 2: what is lost
#
# You take the giant of which most was promised. Write `lost`: by how much is the best giant's accuracy above that of yours?


# %%
def lost(promised, came_out):
    ### BEGIN SOLUTION
    return came_out.max() - came_out[promised.argmax()]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.lost.check(lost)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def lost(promised, came_out):
#     return came_out.max() - came_out[promised.argmax()]
# ```
#
# </details>
#
# Your choice on the ten pictures of step 1, by each score; then all questions of the table. Three habits compete: always the
# same large giant, always another, and one taken blindly.

# %%
for name, called in ordered.items():
    points = lost(taste[name].to_numpy(), taste["accuracy"].to_numpy())
    print(f"{called}: {'no answer yet' if points is None else f'{100 * points:.1f} points lost'}")

# %%
habits = ["efficientnet_lite2", "efficientnet_lite0"]
exercise.chosen(transferability.choices(table, always=habits))

# %%
print(exercise.against(table, "nearest_mean", "any"))
print(exercise.against(table, "nearest_mean", "always efficientnet_lite2"))
print(exercise.against(table, "logme", "always efficientnet_lite2"))

# %% [markdown]
# ### Exercise 3: what is saved
#
# Looking is what costs; heads are cheap. Without a choice, every giant looks at all `pictures`. With one, every giant looks at
# `few` of them, and the chosen one at the rest. Write `saved`: the share of the arithmetic that the choice saves. `gmacs` are
# billions of multiplications for one picture, an array with one number for each giant; `chosen` is the place of yours in it.


# %%
def saved(gmacs, chosen, few, pictures):
    ### BEGIN SOLUTION
    all_of_them = gmacs.sum() * pictures
    return 1 - (gmacs.sum() * few + gmacs[chosen] * (pictures - few)) / all_of_them
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.saved.check(saved)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def saved(gmacs, chosen, few, pictures):
#     all_of_them = gmacs.sum() * pictures
#     return 1 - (gmacs.sum() * few + gmacs[chosen] * (pictures - few)) / all_of_them
# ```
#
# </details>

# %%
gmacs = np.array([giant.card.gmacs for giant in giants.values()])
mine = int(taste["nearest_mean"].argmax())
part = saved(gmacs, mine, len(few), len(pictures.train) + len(pictures.valid))
print(f"here, with {list(giants)[mine]}: {'no answer yet' if part is None else share(part, 0)}")
print(exercise.waits(table, "nearest_mean"))

# %% [markdown]
# That is for a head on frozen features. If you [fine-tune](glossary.ipynb) every candidate, as lesson 03 does, the looks of all
# epochs are saved with it: a choice is worth more the dearer the training is.
#
# ## Break it on purpose: a picture saved twice
#
# A colleague sends ten pictures of each class. His names are nonsense: dealt to the pictures like cards. And, as happens when
# folders are merged, each picture is there twice. Which scores notice? Three rows: the truth; nonsense; nonsense twice.

# %%
one = seen[next(iter(giants))]
nonsense, twice = np.random.default_rng(0).permutation(labels), np.tile(np.arange(len(few)), 2)
cases = {
    "as it is": transferability.promises(one["hidden"], one["classes"], labels),
    "nonsense": transferability.promises(one["hidden"], one["classes"], nonsense),
    "nonsense, each twice": transferability.promises(one["hidden"][twice], one["classes"][twice], nonsense[twice]),
}
pd.DataFrame(cases).T.rename(columns=ways).round(2)

# %%
print(exercise.fooled(cases))

# %% [markdown]
# To leave one out is no protection if its copy stays in: a fit with many features has learnt it by heart. Neither is a
# probability: two equal rows with equal labels look like a law of nature, and there are twenty of them. `datasets.load` looks for
# copies between training and validation; **within** the training part only you can. Frames of one film are copies, too: that
# was lesson 06.
#
# The remedy costs nothing. Deal the names anew, as here, and ask the score again. What it promises of nonsense is its zero.
#
# ## A catalogue of giants
#
# Where do candidates come from? Type a word and press Enter: a name, a set of pictures, a licence. What nobody tells of a giant
# stands there as *unknown*. (At the command line: `shoulders giants mobilenet`.)

# %%
from shoulders import giants as shelf
from shoulders import widgets

widgets.giants("mobilenet")

# %% [markdown]
# One of them, with all that is known and from whom. What is not published was counted in its layout; the seconds are an estimate.
# Which line would keep you from using it at work?

# %%
shelf.page("inception_v4")

# %% [markdown]
# What a card cannot tell is which giant suits *your* pictures. `shoulders giants --for FOLDER` asks all that are on this machine:
# each training picture is named by a head that has not seen it, and giants that luck alone may part are named together.
#
# ## Key points
#
# * A score that looks at ten pictures of each class foretells more than nothing. How much, the figure of step 4 says, with an
#   interval.
# * Hold every score against a control that looks at nothing: the largest giant, always.
# * What counts is what a choice loses, not whether the order was right.
# * With fewer pictures than features the H-score says the same of every giant.
# * Copies make a score promise anything. Ask it about nonsense, too.
#
# ## What the numbers do and do not show
#
# They hold for these giants, of which several are small and one family is large, and for a linear head on frozen features;
# fine-tuning was not tried, and the papers are about that, too. The questions on felt and on photographs are not far from each
# other, and there are few of them: the interval is about further questions *like these*. What “came out” was measured on so few
# pictures, at some questions, that the order of giants that lie close is in part luck, and no score could foretell that part.
#
# ## References
#
# * K. You, Y. Liu, J. Wang, M. Long: *LogME: Practical assessment of pre-trained models for transfer learning*, ICML 2021,
#   [arXiv:2102.11005](https://arxiv.org/abs/2102.11005).
# * C. Nguyen, T. Hassner, M. Seeger, C. Archambeau: *LEEP: A new measure to evaluate transferability of learned
#   representations*, ICML 2020, [arXiv:2002.12462](https://arxiv.org/abs/2002.12462).
# * Y. Bao and others: *An information-theoretic approach to transferability in task transfer learning*, IEEE ICIP 2019: the
#   H-score.
# * M. Kendall: *A new measure of rank correlation*, Biometrika 30, 1938.
#
# Next: 07c, a question with a price.
