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
# *Minutes: 25 teaching, 20 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# You can put a new head on a network that has learnt already, let its top learn along, or start from nothing. Tutorials run
# each way once, on some 150 pictures, and report the best number. Then one picture is more than half a point (a point is a
# hundredth of accuracy), and the order of the ways changes from one run to the next. Here is the experiment that they leave
# out: **how many pictures does each way need?**
#
# When you are through, you will be able to
#
# * draw a learning curve (accuracy against training pictures) with intervals, and say what each interval knows;
# * compare two ways on the *same* pictures, and tell what that gains;
# * tell the price of an accuracy: in seconds, arithmetic, numbers learnt, and memory;
# * hold two giants against each other, as you hold two ways;
# * recognise where transfer brings nothing, and show that as plainly as a success.
#
# You need lessons 01 and 02, or their [words](glossary.ipynb): *backbone, head, features, layer, block, epoch, interval*. New
# words are **bold**. What is *for the curious* is folded, or stands in a section of that name at the end. No minutes are
# counted for it, and nothing else needs it.

# %% [markdown]
# ## Which pictures, which network?
#
# The next cell loads the libraries (3 to 15 s on two cores) and says what runs here. After a restart, come back to any step
# with *Run*, *Run All Above Selected Cell*: what was compared is remembered, and only two short trainings run again.

# %%
import math
import os

import pandas as pd
from scipy import stats

from shoulders import backbones, comparison, costs, cutting, editions, exercises, features, guesses, plots, training
from shoulders.support.words import bounds, share

edition = editions.choose("03")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_03(edition)
print(edition)

# %% [markdown]
# ## Predict before you run
#
# Three ways:
#
# * **feature extraction**: the network stays as it is, a new head learns;
# * **fine-tuning**: its top learns, too;
# * **from scratch**: the same layers, but random numbers in the place of what had been learnt.
#
# Of 100 new pictures, how many will be named correctly after 1, 10 or all training pictures of each class? Blind guessing
# gives about 50. (**All**, here and in every table and figure, is each training picture that there is. The cell says how many
# that are.)

# %%
most = len(pictures.train) / len(pictures.classes)
print(f"All: {most:g} of each class.")
my_guess = guesses.keep(
    "03 three ways",
    {
        "feature extraction with 1 of each": None,
        "feature extraction with 10 of each": None,
        "feature extraction with all": None,
        "from scratch with 1 of each": None,
        "from scratch with 10 of each": None,
        "from scratch with all": None,
    },
)

# %% [markdown]
# ## Step 1: each way once, and the bill
#
# First each way alone, with ten pictures of each class, and a **meter** that runs along. It counts
#
# * seconds, which depend on this machine and on what else it does;
# * **floating-point operations** (additions and multiplications), which do not;
# * the numbers that learn, and the memory for **activations**: what each layer has said must be kept until learning has come
#   back past it.
#
# Feature extraction sends each picture through the network once. (Here as if for the first time: `remember=False`.)

# %%
training.feature_extraction(network, pictures)  # one look, for all that follows
ten = pictures.train.take(pictures.train.sample(10, seed=0))
with costs.meter() as spent:
    for part in (ten, pictures.valid):
        features.extract(network, part, remember=False)
    extracted = training.feature_extraction(network, pictures, per_class=10)
bills = [costs.bill(extracted, spent, network)]

# %% [markdown]
# The other two send pictures through the layers again in every epoch, forth and back: back, because each weight has to be told
# in which direction it was wrong. With so few pictures an epoch repeats them until there are at least 128. The validation
# pictures are looked at once, at the end. From scratch takes five epochs here, to spare you a wait; in the table of step 3 it
# takes 20. (5 to 40 s on two cores in the pocket edition.)

# %%
trained = []
recipes = {training.fine_tune: {}, training.from_scratch: {"epochs": 5}}
for way, recipe in recipes.items():
    with costs.meter() as spent:
        trained.append(way(network, pictures, per_class=10, curve=False, **recipe))
    bills.append(costs.bill(trained[-1], spent, network))
columns = ["seconds", "gflops", "trained_parameters", "megabytes"]
table = pd.DataFrame(bills).set_index("regime")
table[columns].round(1).assign(accuracy=table.accuracy.map(share))

# %%
plots.bills(bills)

# %% [markdown]
# *Regime* is the code's word for a way, *gflops* are billions of operations, *trained_parameters* the numbers that learnt,
# and *megabytes* the memory for activations. Of the bill of feature extraction, most is the look at the validation pictures,
# and it is paid once: a second head on the same features costs next to nothing. That is why the next step can afford 140 of
# them.
#
# ### Exercise 1: the arithmetic by hand
#
# One picture, once through the network, costs `one.gflops` billion operations. To *learn* from a picture costs about three
# times as much: once forth, and twice as much back (once for the weights, once for what lies below). From scratch there were
# five epochs of `rows` pictures, and then one look at every validation picture. How many billion operations is that?

# %%
with costs.meter() as one:
    cutting.trial(network.module, network.transform.blank())  # one black picture
epochs = 5
rows = len(ten) * math.ceil(128 / len(ten))  # over and over, until there are 128
### BEGIN SOLUTION
by_hand = one.gflops * (epochs * 3 * rows + len(pictures.valid))
print(f"By hand {by_hand:,.0f}, on the bill {bills[-1]['gflops']:,.0f} billions")
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
# The bill differs a little. It is smaller by the first layer, which has nothing below it on the way back; and before a network
# looks at pictures, it may be tried with one or two.
#
# </details>
#
# ## Step 2: many draws instead of one
#
# *Which* ten pictures? Another ten give another accuracy. So every way runs with several [seeds](glossary.ipynb): a seed draws
# the pictures, the order in which they are seen, and the random weights. Two things make the comparison fair:
#
# * the draws are **nested**: the ten pictures of a seed hold its five, so a curve follows one growing collection;
# * they are **paired**: all ways get the same pictures for the same seed.
#
# The whole experiment takes hundreds of trainings. You run a part of it, and step 3 draws it over the whole, which comes with
# the course as a table. (1 to 10 s on two cores in the pocket edition.)
#
# <details><summary>For the curious: run all of it here</summary>
#
# Start JupyterLab with `SHOULDERS_BUDGET=full` in its environment. That takes many times as long as all the rest of the
# lesson, and goes on where it was interrupted.
#
# </details>

# %%
plan = comparison.plan(os.environ.get("SHOULDERS_BUDGET", "taste"))
live = comparison.carry_out(pictures, network, plan)
live = pd.concat([live, pd.DataFrame([trained[0].row()])])  # with step 1's
live = live.drop_duplicates(["regime", "per_class", "seed"])
print(exercise.spread(live))
exercise.summary(live)

# %% [markdown]
# Two intervals stand in each line of the table, and they answer different questions.
#
# * *Of the mean*: where would the mean lie after endlessly many seeds? More seeds narrow it.
# * *Of one run alone*: where would the accuracy of a single run lie on endlessly many validation pictures? Only more validation
#   pictures narrow it.
#
# Neither does the work of the other. (Of one run only the second is known, and it stands in both places. The same goes for
# *all* pictures: every seed draws the same ones, so the 20 runs are one.)
#
# ### Exercise 2: an interval for a mean
#
# The mean of *n* runs is uncertain by their spread (the [standard deviation](glossary.ipynb)) divided by √*n*. In 95 of 100
# cases the truth lies no further from the mean than `student(n)` times that. The cell prints this factor, **Student's t**, for
# some *n*: of two runs one knows hardly anything. (0.975 leaves out 2.5 % at each end.)
#
# Write `low, high` for the 20 runs with five pictures of each class. Take `std(ddof=1)`: of few runs, `std()` is a little too
# small.


# %%
def student(runs):
    return stats.t.ppf(0.975, runs - 1)


print(", ".join(f"{runs} runs: {student(runs):.3f}" for runs in (2, 3, 5, 10, 20)))
five = live[(live.regime == "feature_extraction") & (live.per_class == 5)]
five = five.accuracy.to_numpy()
### BEGIN SOLUTION
half = student(len(five)) * five.std(ddof=1) / len(five) ** 0.5
low, high = five.mean() - half, five.mean() + half
print(f"Mean {share(five.mean())}, interval {bounds(low, high)}")
### END SOLUTION
### BEGIN LEARNER
# low, high = None, None  # your answer goes here
### END LEARNER
exercise.mean.check(None if low is None else (low, high))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# half = student(len(five)) * five.std(ddof=1) / len(five) ** 0.5
# low, high = five.mean() - half, five.mean() + half
# ```
#
# </details>
#
# ## Step 3: the curves
#
# Now the whole experiment, and with it a question that comes before all ways: *which giant?* A second network,
# `edition.other`, took part where this machine has it, with the same pictures and the same draws. Trainings take hours: of
# these there are fewer seeds, or none. (How the tables were made is printed in the last section.)

# %%
giants = [network, edition.other] if edition.other else [network]
grids = [comparison.shipped(pictures, giant) for giant in giants]
table = grids[0].table if len(grids[0]) else live
tables = [table, *(grid.table for grid in grids[1:] if len(grid))]
for giant, grid in zip(giants, grids):
    print(f"{len(grid)} runs with {giant.name}.", *grid.remarks)
    print(f"Trained on {giant.card.trained_on}.")

# %% [markdown]
# One more guess, before you look. With *one* picture of each class the second giant names some share of the new pictures
# correctly. How many pictures of each class does your network need, to name as many?

# %%
my_worth = guesses.keep("03 a giant's worth", None, high=1000, unit="of each")

# %% [markdown]
# Colours and shapes are the ways. Filled marks on solid lines are the network that you work with; white marks on broken lines
# are the second giant. Bars are intervals of the mean. Large rings are what you have just run; crosses are your
# guess. The axis of the pictures is [logarithmic](glossary.ipynb).
#
# *From scratch* is the bare [recipe](glossary.ipynb). *From scratch, helped*, where the table has it, adds what one does
# today to train from nothing: [BatchNorm](glossary.ipynb), unless the network has it anyway, and **augmentation** (pictures
# turned, enlarged and lit anew in every epoch).
#
# Look first for the height at which each line begins. Then for the line that climbs longest.

# %%
plots.comparison(live, pd.concat(tables), exercise.curves(my_guess, most))

# %%
print(exercise.guessed(my_guess, table))
for other in tables[1:]:
    print(exercise.worth(table, other, my_worth))
for giant in giants:
    print(exercise.taught(giant))
print(exercise.stuck(table))

# %% [markdown]
# A better giant can be worth more than all the pictures that you have. But read what each was taught before you praise it. Who
# was taught to name your very classes has learnt your question already, from thousands of pictures, and one example only tells
# which answer is called what. Step 5 asks a question that nobody asked it before.
#
# ## Step 4: ahead, or lucky?
#
# Fine-tuning and feature extraction lie close together in the figure, and their intervals overlap. But the draws are paired,
# so there is a sharper question: with the *same* pictures, by how much was one ahead of the other? What a lucky draw gives to
# both goes out of the difference. Here are both with twenty pictures of each class, a line for each seed.

# %%
tuned, headed = exercise.twins(table, "fine_tuning", "feature_extraction", 20)
seeds = pd.DataFrame({"fine-tuning": tuned, "feature extraction": headed})
seeds.rename_axis("seed").map(share)

# %% [markdown]
# ### Exercise 3: the same draws
#
# Write `low, high`: the interval for the mean difference, fine-tuning minus feature extraction, as shares of one. `tuned` and
# `headed` hold the accuracies, in the order of the seeds. (It is exercise 2 once more, with other numbers. Which ones?) Before
# you run it: will zero lie inside? What does it mean if it does?

# %%
### BEGIN SOLUTION
ahead = tuned - headed
half = student(len(ahead)) * ahead.std(ddof=1) / len(ahead) ** 0.5
low, high = ahead.mean() - half, ahead.mean() + half
### END SOLUTION
### BEGIN LEARNER
# low, high = None, None  # your answer goes here
### END LEARNER
exercise.ahead.check(None if low is None else (low, high))
if low is not None:
    print(f"On the same draws: {100 * low:+.1f} to {100 * high:+.1f} points.")
    print(exercise.apart(tuned, headed))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# ahead = tuned - headed
# half = student(len(ahead)) * ahead.std(ddof=1) / len(ahead) ** 0.5
# low, high = ahead.mean() - half, ahead.mean() + half
# ```
#
# </details>

# %% [markdown]
# Where zero lies inside, these runs cannot tell the two apart, and the order of two lines in a figure says nothing. Now the
# same for every way and every number of pictures, and for the two giants with feature extraction:

# %%
gains = {}
for way in table.regime.unique()[1:]:
    name = way.replace("_", " ")
    gains[name] = comparison.paired(table, way, "feature_extraction")
heads = pd.concat(tables).query("regime == 'feature_extraction'")
heads = heads.assign(regime=heads.backbone)
for giant in heads.regime.unique()[1:]:
    name = f"{giant}, feature extraction"
    gains[name] = comparison.paired(heads, giant, network.name)
print(exercise.told(gains, f"feature extraction with {network.name}"))

# %%
plots.ahead(gains)

# %% [markdown]
# Which is the larger step: to another way, or to another giant? Which of the two costs one look at the pictures, and which a
# training?
#
# Before you build on your answer: seven sizes are seven chances to be lucky, and of intervals that hold the truth 95 times in
# 100, one in twenty misses it. A single size that stands out among others that do not is a reason for new seeds, and not for a
# conclusion.
#
# <details><summary>For the curious: three things that the figure does not say</summary>
#
# * The order here may differ from that in step 3: there every mark is the mean over all seeds of a way, and some ways have more
#   seeds than others. Here only the seeds count that both have.
# * Where every seed gave the very same difference, the bar is that of one pair of runs: where the difference may lie on
#   endlessly many validation pictures.
# * If a curve is still climbing at its right end, more pictures might bring a crossing that the figure does not show.
#
# </details>

# %% [markdown]
# ## Step 5: when transfer does not help
#
# A method that is only ever shown at its best is not understood. Four settings, the same head, twenty pictures of each class:
#
# * the network as it should be;
# * the same layers with random weights;
# * the right weights, but the pictures' values are not brought to the scale that the network was trained with (*wrong
#   normalisation*);
# * everything right, but the names of the training pictures are shuffled (*shuffled labels*).
#
# Which of them falls to blind guessing, and which only some of the way? Decide, then run.

# %%
chance = 1 / len(pictures.classes)
networks = {
    "the network as it should be": network,
    "random weights": backbones.load(network.name, "random"),
    "wrong normalisation": exercise.unscaled(network),
}
by_setting = {}
for name, one in networks.items():
    by_setting[name] = comparison.rows(pictures, one, per_class=[20], seeds=10)
mixed = [(exercise.shuffled(pictures, seed), 20, seed) for seed in range(10)]
runs = [training.feature_extraction(network, *draw) for draw in mixed]
by_setting["shuffled labels"] = runs
print(exercise.levels(by_setting))
plots.runs(by_setting, "Four settings, twenty pictures of each class", chance)

# %% [markdown]
# The shuffled names are the most useful of these failures. A single run on shuffled names may lie far from guessing by luck:
# look at the dots. But if the *mean* over several shufflings lies above guessing by more than its bar, a program has seen the
# answers somewhere (a **leak**). Random weights and a wrong normalisation are more dangerous where they do less harm:
# nothing fails, the number is merely lower, and nobody knows what it should be.
#
# Now a question far away from photographs: handwritten digits, 8 × 8 grey squares. Is it a **3** or an **8**? Against the
# networks stands the same head on the 64 squares themselves.

# %%
digits = exercise.digits(3, 8)
eight = digits.train.take(digits.train.sample(4))
written = [digits.classes[label] for label in eight.labels]
seen = [network.transform.cropped(path) for path in eight.paths]
plots.show_pictures(seen, written, columns=4)

# %% [markdown]
# What do you expect: who is first, and does the giant that was ahead on animals keep its lead? (Each network looks at all
# digits first: 3 to 40 s on two cores.)

# %%
runs = [exercise.on_pixels(digits, 20, seed) for seed in range(10)]
by_eye = {"64 squares": runs}
for giant in giants:
    runs = comparison.rows(digits, giant, per_class=[20], seeds=10)
    by_eye[f"{giant.name}'s features"] = runs
blank = networks["random weights"]
by_eye["random weights"] = comparison.rows(digits, blank, per_class=[20], seeds=10)
print(exercise.told(exercise.against(by_eye, "64 squares"), "the 64 squares"))
plots.runs(by_eye, "Is it a 3 or an 8? Twenty pictures of each", chance=0.5)

# %% [markdown]
# Where the network's features are behind the plain squares, millions of learnt numbers have bought nothing. That is a result,
# too, and one that costs a minute to find out: before a large network, try the small thing.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has repeated the experiment of step 2 with our pictures and our network, and sends this curve: “Transfer learning
# is worse than useless. The more pictures I give it, the worse it gets!”

# %%
theirs = exercise.colleague(pictures)
sizes = comparison.SIZES
their_runs = comparison.compare(theirs, network, per_class=sizes, seeds=5)
plots.comparison(their_runs)

# %% [markdown]
# ### Exercise 4: find it
#
# Nothing has failed; a curve is all you have. One of these five explains it: `"random weights"`, `"wrong normalisation"`,
# `"shuffled labels"`, `"swapped labels"`, `"too few pictures"`. Put it into `culprit`. Step 5 shows what three of them look
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
# opposite. The colleague's curve is ours in a mirror: the class names of the validation part were numbered in another order
# (*bees* before *ants*), as happens when two programs sort folders in different ways. A curve that falls *below* guessing, and
# further with more pictures, is nearly always this.
#
# </details>

# %% [markdown]
# ## Key points
#
# * One run of each way is an anecdote. Draw several times, give all ways the same draws, and show the interval.
# * The interval over seeds knows the luck of the draw; the interval of one run knows the luck of the validation pictures. Quote
#   both, or say which.
# * Two ways differ for certain only where the *paired* difference lies wholly on one side of zero. Lines that meet in a figure
#   prove nothing.
# * The giant is a choice, as the way is: hold two against each other on the same draws, and ask what each was taught.
# * An accuracy has a price. What is paid once (a look) and what is paid per epoch are different bills.
# * Shuffle the training labels a few times in every project. A mean above guessing by more than its interval is a leak.
# * Below guessing is knowledge with the names swapped.
#
# ## What these numbers show, and what they do not
#
# They compare three recipes as they are set here, with the same number of epochs whatever the number of pictures: no recipe
# was tuned for this question. From scratch depends most on its recipe: `data/felt/card.json` holds another one, with larger
# pictures and more epochs, that does better on the felt pictures. All seeds judge by the same validation pictures, so what is
# peculiar to these pictures is in every mark.
#
# Where the question lies close to what the network was trained on, that flatters everything that builds on it. That one giant
# is ahead of the other does not say which of its properties does it: the pictures that it learnt from, their size, or its
# layout. In the pocket edition the pictures are renderings: the shapes of the curves are worth thinking about, the heights
# are not.

# %% [markdown]
# ## For the curious
#
# Three questions that nothing above needs. Each can be left out.
#
# ### Where to cut?
#
# *Feature extraction* is not one way but many: you may cut anywhere. Twenty pictures of each class, twenty draws, a head at
# the end of each block. The light dots are single runs: look how far apart they lie before you trust any one of them.

# %%
depths = exercise.depths(network)
for part in (pictures.train, pictures.valid):
    features.extract(network, part, list(depths.values()))  # one look for all
by_depth = {}
for name, layer in depths.items():
    runs = comparison.rows(pictures, network, per_class=[20], seeds=20, layer=layer)
    by_depth[name] = runs
print(exercise.told(exercise.against(by_depth, name), f"{name} (the deepest)"))
plots.runs(by_depth, "Depth of the cut, twenty pictures of each class", chance)

# %% [markdown]
# Where a block is too close to call, these runs do not show that what was learnt above it brings anything to your question.
#
# ### What to let learn, and how?
#
# How many of the top blocks may learn? The usual recipe here takes two. It trains the head first, because a random head sends
# random corrections down into layers that were good (Kumar and others, below); and it lets lower layers take smaller steps
# (**discriminative** learning rates). What if everything starts at once, or all layers take the same steps? (Fifteen or more
# short trainings: 20 to 90 s on two cores in the pocket edition.)

# %%
repeats = 10 if len(plan) > 2 else 3
recipes = {
    "top 2 learn": {"blocks": 2},
    "top 1 learns": {"blocks": 1},
    "head alone": {"blocks": 0},
    "top 2, all at once": {"head_epochs": 0},
    "top 2, one rate": {"discriminative": False},
}
by_recipe, tuning = {}, ["fine_tuning"]
for name, recipe in recipes.items():
    runs = comparison.rows(pictures, network, tuning, [20], repeats, recipe=recipe)
    by_recipe[name] = runs
print(exercise.told(exercise.against(by_recipe, "top 2 learn"), "the usual recipe"))
plots.runs(by_recipe, "Recipes, twenty pictures of each class", chance)

# %% [markdown]
# Three runs know little of their mean: look at the bars. But all recipes got the same pictures, so the sentences subtract
# before they judge, as step 4 does. Kumar and others found the gain of head-first training mainly on *other kinds* of pictures
# than those trained on. Our validation pictures are of the same kind, so this figure cannot show that.
#
# ### Do your runs agree with the table?
#
# From the table's runs one can compute a **band**: the mean of *new* seeds falls inside in 95 of 100 cases. Yours are the
# same seeds again: on a machine that rounds as ours did, they agree to the last picture. If many lie outside, something
# differs: the pictures, the weights, a version.

# %%
for line in comparison.against(live, table).dropna().itertuples():
    way, band = line.regime.replace("_", " "), bounds(line.low, line.high)
    print(f"{way} with {line.per_class}: {band}, yours {share(line.yours)}: {line.verdict}")
print("", *grids, sep="\n\n")

# %% [markdown]
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
# in what the last cell printed. They go on where they were interrupted.
#
# With large networks and several GPUs, fine-tuning runs in a process for each, by fastai's `distrib_ctx`. Each sees its share
# of the pictures, and all end with the same weights. (Here it was tried with two processes on two cores.)
#
# ```
# .venv/bin/pip install -c constraints.txt -e ".[gpus]"
# .venv/bin/torchrun --nproc_per_node 2 bench/several_gpus.py FOLDER --backbone resnet50
# ```
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
