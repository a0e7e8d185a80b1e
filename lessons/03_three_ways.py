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
# # 03 · Three ways
#
# *Minutes: 35 teaching, 25 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# You can put a new head on a network that has learnt already, let its top learn along, or start from nothing. Tutorials run
# each way once, on some 150 pictures, and report the best epoch. Then one picture is more than half a point (a hundredth of
# accuracy), and the order changes from one run to the next. Here is the experiment that they leave out: **how many
# pictures does each way need?**
#
# When you are through, you will be able to
#
# * draw a learning curve with intervals that mean something, and say whether two curves cross;
# * compare two ways on the *same* pictures, and know what that gains;
# * hold two giants against each other, as you hold two ways;
# * tell the price of an accuracy: in seconds, arithmetic, numbers learnt, and memory;
# * recognise where transfer brings nothing, and show that as plainly as a success.
#
# You need lessons 01 and 02, or their words: *backbone, head, features, layer, epoch, frozen*. New words are **bold**.

# %% [markdown]
# ## Which pictures, which network?
#
# As always: what you read is true of both editions of the course, and what differs is printed by the cells.

# %%
import os

import pandas as pd

from shoulders import backbones, comparison, costs, cutting, editions, exercises, features, plots, training

edition = editions.choose("03")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_03(edition)
print(edition)

# %% [markdown]
# A thorough answer takes hundreds of trainings. So this lesson has a budget. With `"taste"` it runs a part of the
# experiment, and draws it over the whole, which was run before and comes with the course as a table. With `"full"` it runs
# everything here: that takes many times as long as all the rest of the lesson, and longer still with a large network.
#
# For the same reason you train `network` here and no larger one. What a second giant does with the same pictures,
# `edition.other`, comes in step 3 as a table, where this machine has it.

# %%
budget = os.environ.get("SHOULDERS_BUDGET", "taste")  # or "full"
plan, repeats = comparison.plan(budget), 10 if budget == "full" else 3

# %% [markdown]
# ## Predict before you run
#
# Three ways: **feature extraction** (the network stays as it is, a new head learns), **fine-tuning** (its top learns too),
# and training **from scratch** (the same layers, but random numbers in the place of what had been learnt). The code calls
# a way a *regime*.
#
# How many of 100 new pictures will be named correctly by feature extraction, after 1, 10 or all training pictures of each
# class? How many by a network from scratch? (Blind guessing gives 50.) Your guess is kept, and will be drawn beside the
# result.

# %%
most = len(pictures.train) / len(pictures.classes)  # "all", for a class
my_guess = {
    "feature_extraction": {1: 60, 10: 80, most: 95},  # write yours here
    "from_scratch": {1: 50, 10: 60, most: 80},
}

# %% [markdown]
# ## Step 1: each way once, and the bill
#
# First each way alone, with ten pictures of each class, and a **meter** that runs along. It counts
#
# * seconds, which depend on this machine and on what else it does;
# * **floating-point operations** (additions and multiplications), which do not. Energy goes roughly with them;
# * the memory for **activations**: what each layer has said must be kept until learning has come back past it.
#
# Feature extraction sends each picture through the network once. (Here as if for the first time: `remember=False`.)

# %%
training.feature_extraction(network, pictures)  # one look at everything, for all that follows
ten = pictures.train.take(pictures.train.sample(10, seed=0))
with costs.meter() as spent:
    for part in (ten, pictures.valid):
        features.extract(network, part, remember=False)
    extracted = training.feature_extraction(network, pictures, per_class=10)
bills = [costs.bill(extracted, spent, network)]

# %% [markdown]
# The other two send the pictures through some or all layers again in every epoch, forth and back: back, because each weight
# has to be told in which direction it was wrong. With so few pictures an epoch repeats them until there are at least 128.
# The validation pictures are looked at once, at the end (`curve=False`: no curve over the epochs is wanted here). From scratch
# takes five epochs here, to spare you the wait; in the table of step 3 it takes 20, at four times the price. (Some twenty
# seconds on two cores in the pocket edition.)

# %%
trained = []
for way, recipe in ((training.fine_tune, {}), (training.from_scratch, {"epochs": 5})):
    with costs.meter() as spent:
        trained.append(way(network, pictures, per_class=10, curve=False, **recipe))
    bills.append(costs.bill(trained[-1], spent, network))
columns = ["accuracy", "seconds", "gflops", "trained_parameters", "megabytes", "points_per_second"]
pd.DataFrame(bills).set_index("regime")[columns].round(2)

# %%
plots.bills(bills)

# %% [markdown]
# In the table, *gflops* are billions of operations, and *points_per_second* is how many points above blind guessing a second
# has bought. *From scratch* is the bare recipe here; one with help comes in step 3. For feature extraction, most of the bill
# is the look at the validation pictures, and it is paid once: a second head on the same features costs next to nothing, which
# is why the next step can afford 140 of them. (Run the cell of the other two again, and fine-tuning gets cheaper too: what its
# frozen layers say is remembered as long as this notebook runs.)
#
# ### Exercise 1: the arithmetic by hand
#
# One picture, once through the network, costs `one.gflops` billion operations. To *learn* from a picture costs about three
# times as much: once forth, and twice as much back (once for the weights, once for what lies below). From scratch there
# were five epochs of `rows` pictures, and then one look at every validation picture. How many billion operations is that? Put
# it into `by_hand`, and compare with the bill.

# %%
with costs.meter() as one:
    features.extract(network, pictures.valid.take([0]), remember=False)
epochs, rows = 5, 7 * len(ten)  # an epoch has at least 128 pictures: these 20 are shown seven times
### BEGIN SOLUTION
by_hand = one.gflops * (epochs * 3 * rows + len(pictures.valid))
print(f"By hand {by_hand:,.0f}, on the bill {bills[-1]['gflops']:,.0f} billion operations")
### END SOLUTION
### BEGIN LEARNER
# by_hand = None  # your answer goes here
### END LEARNER
exercise.work.check(by_hand)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# by_hand = one.gflops * (epochs * 3 * rows + len(pictures.valid))
# ```
#
# The bill is a little smaller: on the way back, the first layer has nothing below it.
#
# </details>
#
# ## Step 2: many draws instead of one
#
# *Which* ten pictures? Another ten give another accuracy. So every way runs with several **seeds**: a seed draws the
# pictures, the order in which they are seen, and the random weights. Two things make the comparison fair:
#
# * the draws are **nested**: the ten pictures of a seed hold its five, so a curve follows one growing collection;
# * they are **paired**: all ways get the same pictures for the same seed.

# %%
again = pd.DataFrame([trained[0].row()])  # the fine-tuning of step 1
live = pd.concat([comparison.carry_out(pictures, network, plan), again])
live = live.drop_duplicates(["regime", "per_class", "seed"])
comparison.summary(live).drop(columns=["backbone", "pictures", "n_valid", "classes", "largest"]).round(3)

# %% [markdown]
# Two intervals stand in each line, and they answer different questions. *low* to *high* is for the **mean over draws**: where
# would it lie after endlessly many seeds? *alone_low* to *alone_high* is what a single run with that accuracy would have told
# you: where would *its* accuracy lie on endlessly many validation pictures? The first shrinks with more seeds, the second with
# more validation pictures, and neither does the work of the other. (Of one run alone only the second is known, and stands in
# both places. So it does with *all* pictures, where every seed draws the same ones and the 20 runs are all alike: they are one.)
#
# ### Exercise 2: an interval for a mean
#
# The mean of *n* runs is uncertain by their spread (the **standard deviation**) divided by √*n*. In 95 of 100 cases the truth
# is no further away than a certain number of these; for 20 runs the number is 2.093 (**Student's t**; for two runs it is
# 12.7, so of two runs one knows hardly anything). Write `low, high` for the 20 runs with five pictures of each class. (Of few
# runs `std()` is a little too small; `std(ddof=1)` is right.)

# %%
five = live[(live.regime == "feature_extraction") & (live.per_class == 5)].accuracy.to_numpy()
### BEGIN SOLUTION
half = 2.093 * five.std(ddof=1) / len(five) ** 0.5
low, high = five.mean() - half, five.mean() + half
print(f"{five.mean():.1%}, interval {low:.1%} to {high:.1%}")
print(f"single runs from {five.min():.1%} to {five.max():.1%}")
### END SOLUTION
### BEGIN LEARNER
# low, high = None, None  # your answer goes here
### END LEARNER
exercise.mean.check(None if low is None else (low, high))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# half = 2.093 * five.std(ddof=1) / len(five) ** 0.5
# low, high = five.mean() - half, five.mean() + half
# ```
#
# </details>
#
# ## Step 3: the curves
#
# Now the whole experiment, and with it a question that comes before all ways: *which giant?* The network that you have just
# trained took part, and so did a second one, where this machine has it: with the same pictures, and the same draws. All these
# runs come with the course as tables, and the next cell says how they were made. Heads are cheap: both giants have the same
# number of draws. Of the second giant's trainings there is what hours allowed: fewer seeds, or none.

# %%
giants = [network, edition.other] if edition.other else [network]
grids = [comparison.shipped(pictures, giant) for giant in giants]
full, table = grids[0], grids[0].table if len(grids[0]) else live
tables = [table, *(grid.table for grid in grids[1:] if len(grid))]
print(*grids, sep="\n\n")
for giant in giants[1:]:
    print(f"\n{giant.name} was trained on {giant.card.trained_on}.")

# %% [markdown]
# One more guess, before you look: with *one* picture of each class the second giant names some share of the new pictures
# correctly. How many pictures of each class does your network need, to name as many?

# %%
my_worth = 10  # write yours here

# %% [markdown]
# Colours and shapes are the ways. Full marks on whole lines are the network that you work with; white marks on broken lines are
# the second giant. Bars are intervals for the mean. Large black outlines are what you have just run, and crosses are your
# guess. *From scratch, helped*, where the table has it, adds what one does today to train from nothing: **BatchNorm** (each
# layer's answers are brought to one scale, unless the network does that anyway) and **augmentation** (pictures turned, enlarged
# and lit anew in every epoch). Without these a deep chain of layers may not even start to learn. An accuracy of exactly blind
# guessing is the sign of it: the network says the same of every picture. That is a failed training, and no measure of what the
# pictures can teach.
#
# Look first for the height at which each line begins, on the left. Then for the line that climbs longest.

# %%
plots.comparison(live, pd.concat(tables), my_guess)

# %% [markdown]
# Before you read on: at which number of pictures were you furthest off, and in which direction? And of the two giants:

# %%
for other in tables[1:]:
    print(exercise.worth(table, other), f"Your guess was {my_worth}.", sep="\n")
for giant in giants:
    alike = [kind for kind in giant.classes if {kind, f"{kind}s"} & {*pictures.classes}]
    print(f"Of your classes, {giant.name} was taught to name {' and '.join(alike) or 'none'}.")

# %% [markdown]
# A better giant can be worth more than all the pictures that you have. But read the last lines before you praise it. Who was
# taught to name your very classes has learnt your question already, from thousands of pictures, and one example only tells
# which answer is called what. With a question that nobody asked it before, it may begin much lower: step 6 has one.
#
# Do your runs agree with the table? Each line below gives a **band**, computed from the table's runs: the mean of *new* seeds
# falls inside in 95 of 100 cases. A band that is tens of points wide can hardly be missed: it says that so few runs know
# little. Yours are the same seeds again: with the same weights, on a machine that rounds as ours did, they agree to the last
# picture. If many lie outside, something differs: the pictures, the weights, a version.

# %%
for line in comparison.against(live, full.table).dropna().itertuples():
    said = f"expected {line.low:.1%} to {line.high:.1%} over {line.over} runs, yours {line.yours:.1%}"
    print(f"{line.regime.replace('_', ' ')}, {line.per_class} a class: {said}: {line.verdict}")

# %% [markdown]
# ## Step 4: do the curves cross?
#
# Two lines in a figure may cross by luck. Because the draws are paired, there is a sharper question: with the *same* pictures,
# by how many points was one way ahead of the other? A draw that is lucky for both goes out of the difference. (The order here
# may differ from that in step 3: there every mark is the mean over all seeds of a way, and some ways have more seeds than
# others; here only the seeds count that both have.)
#
# ### Exercise 3: where is fine-tuning ahead?
#
# What is the smallest number of pictures per class at which the whole interval of the paired difference, fine-tuning minus
# feature extraction, lies above zero? Put it into `crossing`, or `"nowhere"`. (Each row of `paired` has
# `per_class`, the mean difference `ahead`, and the interval's `low` and `high`. The figure comes afterwards.)

# %%
paired = comparison.paired(table, "fine_tuning", "feature_extraction")
### BEGIN SOLUTION
ahead = paired[paired.low > 0]
crossing = ahead.per_class.iloc[0] if len(ahead) else "nowhere"
print(crossing)
### END SOLUTION
### BEGIN LEARNER
# crossing = None  # your answer goes here
### END LEARNER
exercise.crossing.check(crossing)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# ahead = paired[paired.low > 0]
# crossing = ahead.per_class.iloc[0] if len(ahead) else "nowhere"
# ```
#
# </details>

# %%
ways = [way for way in table.regime.unique() if way != "feature_extraction"]
gains = {way.replace("_", " "): comparison.paired(table, way, "feature_extraction") for way in ways}
heads = pd.concat(tables).query("regime == 'feature_extraction'")
for giant in heads.backbone.unique()[1:]:  # of the two giants, too, with the same pictures
    gains[f"{giant}, feature extraction"] = comparison.paired(heads.assign(regime=heads.backbone), giant, network.name)
plots.ahead(gains)

# %% [markdown]
# Where an interval holds zero, these runs cannot tell the two apart: draw no conclusion from the order of the lines there.
# Where it lies wholly below or above, they can. (Where every seed gave the very same difference, the bar is that of one pair of
# runs: where the difference may lie on endlessly many validation pictures.) If a curve is still climbing at its right end, the
# experiment has not seen where it ends: more pictures might still bring a crossing that this figure does not show.
#
# The line that is named after the second giant, where there is one, is no other way: it is feature extraction once more, with
# the other network. Which is the larger step: to another way, or to another giant? Which of the two costs one look at the
# pictures, and which a training?
#
# Before you build on your answer: seven sizes are seven chances to be lucky, and of intervals that hold the truth 95 times in
# 100, one in twenty misses it. A single size that stands out among others that do not, from few seeds or near blind
# guessing, is a reason for new seeds, and not for a conclusion.

# %% [markdown]
# ## Step 5: where to cut, what to let learn
#
# *Feature extraction* is not one way but many: you may cut anywhere. Twenty pictures of each class, twenty draws, a head
# on each depth. The names on the left are layers, the lowest on top. The light dots are single runs: look how far apart they
# lie before you trust any one of them.

# %%
depths = cutting.last_at_each_size(network)
for part in (pictures.train, pictures.valid):
    features.extract(network, part, depths)  # one look for all depths
chance = 1 / len(pictures.classes)
by_depth = {at: comparison.rows(pictures, network, per_class=[20], seeds=20, layer=at) for at in depths}
plots.runs(by_depth, "Accuracy by depth of the cut, twenty pictures of each class", chance)

# %% [markdown]
# From which depth on do the bars no longer tell the depths apart? What was learnt above that was learnt for other questions
# than yours: it need not bring anything here, and may even cost a little.
#
# And *fine-tuning* is many ways as well. How many of the top *blocks* (the layers between two halvings of the picture) may
# learn? And how? The usual recipe here trains the head first, because a random head sends random corrections down into layers
# that were good (Kumar and others, below); and it lets lower layers take smaller steps (**discriminative** learning rates).
# What if everything starts at once, or all layers take the same steps? (Fifteen or more short trainings: about a
# minute on two cores in the pocket edition.)

# %%
recipes = {f"top {count} learn" if count else "head alone": {"blocks": count} for count in (0, 1, 2)}
recipes |= {"top 2, all at once": {"head_epochs": 0}, "top 2, one rate": {"discriminative": False}}
by_recipe = {
    name: comparison.rows(pictures, network, ["fine_tuning"], [20], repeats, recipe=recipe)
    for name, recipe in recipes.items()
}
plots.runs(by_recipe, "Recipes for fine-tuning, twenty pictures of each class", chance)

# %% [markdown]
# With the budget *taste* these are three runs of each recipe, and a mean of three is known no better than its bar says. (A bar
# that reaches beyond 100 % says that three runs so far apart know next to nothing of their mean.) But
# the runs are paired: all recipes got the same pictures. So subtract before you judge, as in step 4. Each column below is a
# seed, and each number says by how many points the recipe was ahead of the usual one.

# %%
reached = pd.DataFrame({name: pd.DataFrame(rows).accuracy for name, rows in by_recipe.items()})
(100 * reached.sub(reached["top 2 learn"], axis=0)).round(1).transpose()

# %% [markdown]
# Which recipe would you rule out, because it is behind with every seed and by a lot? And which order would you *not* publish?
#
# Kumar and others found the gain of head-first training mainly on *other kinds* of pictures than those trained on. Our
# validation pictures are of the same kind, so this figure cannot show that.

# %% [markdown]
# ## Step 6: when transfer does not help
#
# A method that is only ever shown at its best is not understood. Four settings, the same head, twenty pictures of each class:
#
# * the network as it should be;
# * the same layers with random weights;
# * the right weights, but the pictures' values were not brought to the scale that they were trained with;
# * everything right, but the names of the training pictures were shuffled.
#
# Predict: which of them falls to blind guessing, and which only some of the way?

# %%
blank, unscaled = backbones.load(network.name, "random"), exercise.unscaled(network)
networks = {"as it should be": network, "random weights": blank, "wrong normalisation": unscaled}
by_setting = {name: comparison.rows(pictures, net, per_class=[20], seeds=10) for name, net in networks.items()}
by_setting["shuffled labels"] = [
    training.feature_extraction(network, exercise.shuffled(pictures, seed), 20, seed) for seed in range(10)
]
plots.runs(by_setting, "Four settings, twenty pictures of each class", chance)

# %% [markdown]
# The shuffled names are the most useful of these failures. A single run on shuffled names may lie far from guessing by luck:
# look at the dots. But if the *mean* over several shufflings lies above guessing by more than its bar, a program has seen the
# answers somewhere, and you would not have noticed otherwise. The other two are more dangerous where they are milder: nothing
# fails, the number is merely lower, and nobody knows what it should be.
#
# And a question far away from photographs: handwritten digits, 8 × 8 grey squares, is it a **3** or an **8**? Against the
# network, and against the second giant, stands the same head on the 64 squares themselves. (Ten seconds for the giant.)

# %%
digits = exercise.digits(3, 8)
eight = digits.train.take(digits.train.sample(4))
written = [digits.classes[label] for label in eight.labels]
plots.show_pictures([network.transform.cropped(path) for path in eight.paths], written, columns=8)

# %%
by_eye = {f"{giant.name}'s features": comparison.rows(digits, giant, per_class=[20], seeds=10) for giant in giants}
by_eye["random weights"] = comparison.rows(digits, blank, per_class=[20], seeds=10)
by_eye["64 grey squares, no network"] = [exercise.on_pixels(digits, 20, seed) for seed in range(10)]
plots.runs(by_eye, "Is it a 3 or an 8? Twenty pictures of each", chance=0.5)

# %% [markdown]
# Does the giant that was ahead on animals keep its lead? What it was taught is far from pen strokes, and its features of them
# need not be the better ones. If the plain squares do as well as a network's features, or better, then millions of learnt
# numbers have bought nothing here.
# That is a result, too, and one that costs a minute to find out: before a large network, try the small thing.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has repeated the experiment of step 2 with our pictures and our network, and sends this curve: “Transfer
# learning is worse than useless. The more pictures I give it, the worse it gets!”

# %%
theirs = exercise.colleague(pictures)
their_runs = comparison.compare(theirs, network, per_class=comparison.SIZES, seeds=5)
plots.comparison(their_runs)

# %% [markdown]
# ### Exercise 4: find it
#
# Nothing has failed; a curve is all you have. One of these five explains it: `"random weights"`, `"wrong normalisation"`,
# `"shuffled labels"`, `"swapped labels"`, `"too few pictures"`. Put it into `culprit`. Step 6 shows what three of them look
# like. Think about where guessing blindly lies, and what it takes to stay reliably away from it.

# %%
### BEGIN SOLUTION
culprit = "swapped labels"
### END SOLUTION
### BEGIN LEARNER
# culprit = None  # your answer goes here
### END LEARNER
exercise.culprit.check(culprit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# culprit = "swapped labels"
# ```
#
# Who guesses blindly is right half of the time. To be wrong much more often than that, one must know the answer and say the
# opposite. The colleague's curve is ours in a mirror: the class names of the validation part were numbered in another
# order (*bees* before *ants*), as happens when two programs sort folders in different ways. A curve that falls *below*
# guessing, and further with more pictures, is nearly always this.
#
# </details>

# %% [markdown]
# ## Key points
#
# * One run of each way is an anecdote. Draw several times, give all ways the same draws, and show the interval.
# * The interval over seeds knows the luck of the draw; the interval of one run knows the luck of the validation pictures.
#   Quote both, or say which.
# * Two curves cross for certain only if the *paired* difference lies wholly on one side of zero here and wholly on the other
#   side there. Lines that meet in a figure prove nothing.
# * The giant is a choice, as the way is: hold two against each other on the same draws, and ask what each was taught.
# * An accuracy has a price. What is paid once (a look) and what is paid per epoch are different bills.
# * Shuffle the training labels a few times in every project. A mean above guessing by more than its interval is a leak.
# * Below guessing is knowledge with the names swapped.
#
# ## What these numbers show, and what they do not
#
# They compare three recipes as they are set here, with the same number of epochs whatever the number of pictures: from
# scratch, a longer training or another network may do better, and no recipe was tuned for this question. (From scratch
# depends most on its recipe: `data/felt/card.json` holds another one, with larger pictures and more epochs, that does better
# on the felt pictures.) All seeds judge by the same validation pictures, so an error that these share is in every point.
# Where the question lies close to what the network was trained on, that flatters everything that builds on it, and
# photographs found on the web may have been among those. Two giants are two giants: that one is ahead of the other here does
# not say which of its properties does it, the pictures that it learnt from, their size, or its layout.
# In the pocket edition the pictures are renderings: the shapes of the curves are worth thinking about, the heights are not,
# and no network is the better one for being ahead on felt.
#
# ## Where to go next
#
# Your own pictures, two of the ways, in a terminal, in the course's folder (`from_scratch_helped` is a third one; it takes
# much longer. On Windows, `.venv\Scripts\shoulders`):
#
# ```
# .venv/bin/shoulders compare FOLDER --regime feature_extraction,fine_tuning --per-class 1,5,20,all --seeds 5 --plot curves.png
# ```
#
# Several giants on the same draws: `--backbone efficientnet_lite0,vgg16_tiny`. And the full tables again: their commands stand
# in what step 3 printed. They go on where they were interrupted.
#
# ## References
#
# * A. Kumar and others: *Fine-tuning can distort pretrained features and underperform out-of-distribution*, 2022,
#   [arXiv 2202.10054](https://arxiv.org/abs/2202.10054): the head first.
# * J. Howard, S. Ruder: *Universal language model fine-tuning*, 2018, [arXiv 1801.06146](https://arxiv.org/abs/1801.06146):
#   smaller steps for lower layers.
# * S. Kornblith, J. Shlens, Q. Le: *Do better ImageNet models transfer better?*, 2019,
#   [arXiv 1805.08974](https://arxiv.org/abs/1805.08974): many networks, many questions, and some for which little is gained.
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013,
#   [arXiv 1311.2901](https://arxiv.org/abs/1311.2901): 15 pictures of each of 101 classes, 83.8 % with transfer and 22.8 %
#   from scratch.
# * “Student” (W. S. Gosset): *The probable error of a mean*, 1908, Biometrika 6.
