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
# # 07a · Whose shoulders?
#
# *Minutes: 17 teaching, 15 exercises.*
#
# A child who knows cats learns *puma, leopard, cheetah* sooner than one who knows spoons and lemons. One believes it at once.
# Of networks it can be measured: **does it matter what a giant has seen before it meets your question?**
#
# Everybody has an anecdote. Here is the experiment: two networks that differ in nothing but what they have seen.
#
# When you are through, you will be able to
#
# * say what **prior knowledge** is worth, in points of accuracy and in pictures;
# * read an interval that knows two kinds of luck: which pictures were drawn, and how a network's training fell out;
# * recognise a comparison that is no transfer, because the answer had been seen before;
# * show as plainly where knowledge makes no difference.
#
# You need lessons 01 and 03, or their [words](glossary.ipynb): *features, head, draw, interval, from scratch*. After a restart:
# Run, Run All Above Selected Cell.

# %% [markdown]
# ## Which pictures, which networks?
#
# The next cell loads the libraries (3 to 15 s on two cores) and says what runs here.

# %%
import numpy as np

from shoulders import backbones, comparison, editions, exercises, features, guesses, intervals, plots

edition = editions.choose("07a")
pictures, near, far = edition.pictures, edition.backbone, edition.other
exercise = exercises.lesson_07a()
print(edition)

# %% [markdown]
# ## Two networks that grew up apart
#
# Both were trained for this course, and trained alike: the same layers, 24 classes of Tiny ImageNet, 500 photographs of each,
# the same number of epochs. One saw **mammals**, the other **things and fruit**.
#
# Read both lists. Is there a puma in the first? A spoon in the second?

# %%
for network in (near, far):
    print(f"{network.name}: {', '.join(network.classes)}.\n")

# %% [markdown]
# House cats are in, as the child knows them. The big cats of that collection, lion and cougar, were left out: the question
# would have been answered before it was asked. Each network names about two in three of new photographs of its own classes
# correctly; guessing would name one in 24.
#
# The question: puma, leopard or cheetah? Here are some, of felt, as the networks get them: 64 pixels wide.

# %%
twelve = pictures.valid.sample(4)
names = [pictures.classes[label] for label in pictures.valid.labels[twelve]]
shown = [near.transform.cropped(pictures.valid.paths[i]) for i in twelve]
plots.show_pictures(shown, names, heading="Three cats that neither network knows", columns=4)

# %% [markdown]
# What do the two say of such a picture, in their own words? The word that each says most often of a class:

# %%
for network in (near, far):
    said = features.extract(network, pictures.valid, "classes")
    for number, name in enumerate(pictures.classes):
        first = said["classes"][said.labels == number].argmax(1)
        word = network.classes[np.bincount(first).argmax()]
        print(f"{network.name} says of a {name} most often: {word} ({np.bincount(first).max()} of {len(first)})")

# %% [markdown]
# Neither has a word for it. But words are the head, and the head goes. What counts is what lies beneath: **features**, which
# a new head reads.
#
# ## Predict before you run
#
# A new head learns from *five* pictures of each cat, and is asked about new ones. Guessing blindly names 33 of 100 correctly.
# How many will the head on each network name?

# %%
my_guess = guesses.keep(
    "07a five pictures of each",
    {"grew up with mammals": None, "grew up with things": None, "grew up with nothing": None},
)

# %% [markdown]
# *Nothing* is the control: the same layers, with random numbers in them.
#
# ## Step 1: a taste
#
# Three networks, five or twenty pictures of each cat, twenty draws. All three get the same draws (2 to 20 s on two cores).

# %%
nothing = backbones.load(near.name, weights="random", seed=0)
grew_up_with = {"mammals": near, "things": far, "nothing": nothing}
rows = {source: comparison.rows(pictures, network, per_class=(5, 20), seeds=20) for source, network in grew_up_with.items()}
with_five = {source: [row for row in some if row["per_class"] == 5] for source, some in rows.items()}
plots.runs(with_five, "Five pictures of each cat", chance=1 / 3)

# %%
for source, runs in with_five.items():
    came_out = 100 * np.mean([run["accuracy"] for run in runs])
    print(f"{source}: {guesses.beside(my_guess.get(f'grew up with {source}'), came_out)}")

# %% [markdown]
# Each light dot is one draw. See how far the dots of one network lie apart: which five pictures were drawn moves one network by
# more points than lie between two. The bar is the [interval](glossary.ipynb) for the mean. Mammals lead things, and random
# numbers do no better than a guess.
#
# And with twenty?

# %%
with_twenty = {source: [row for row in some if row["per_class"] == 20] for source, some in rows.items()}
plots.runs(with_twenty, "Twenty pictures of each cat", chance=1 / 3)

# %% [markdown]
# With twenty, the two that learnt do better, and the order is the same.
#
# ## Step 2: a second kind of luck
#
# There is a hole in that experiment. We compared *one* network that grew up with mammals and *one* that grew up with things.
# Train either again, from other random numbers and with its photographs in another order, and you get another network, a little
# better or worse. Perhaps ours was a lucky one.
#
# So each was trained five times, by the same command. Training 0 is the one that you have used; the others' answers are in a
# table that ships with the course.

# %%
print(exercise.about())

# %%
table = exercise.ask("felt")
cats = table[(table.question == "puma, leopard or cheetah") & (table.per_class == "5")]
trainings = {source: cats[cats.source == source].accuracy.tolist() for source in ("mammals", "things", "nothing")}
for source, some in trainings.items():
    print(f"{source:8}", "  ".join(f"{100 * one:.1f} %" for one in some))

# %% [markdown]
# Five numbers of each source: each is the mean over ten draws of five pictures, with one training. Training 0 of one source
# goes with training 0 of the other: they had the same draws.
#
# ### Exercise 1: a lead, and how sure it is
#
# Write `lead`. It is given the five accuracies of the near network and the five of the far one. It gives back three numbers:
# by how much near is ahead on average, and the two bounds of the 95 % interval of that lead. `intervals.interval(values)` gives
# the bounds for the mean of some values (Student's interval: of few values it is wide).


# %%
def lead(near, far):
    ### BEGIN SOLUTION
    ahead = np.subtract(near, far)
    return ahead.mean(), *intervals.interval(ahead)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.lead.check(lead)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def lead(near, far):
#     ahead = np.subtract(near, far)
#     return ahead.mean(), *intervals.interval(ahead)
# ```
#
# </details>
#
# ## Step 3: near and far, at every question
#
# The same for all questions. Right of the line, who grew up with mammals is ahead; left of it, who grew up with things. Where
# a bar crosses the line, five trainings and their draws cannot tell.
#
# Look for three things: which question lies farthest to the right, whether any lies to the left, and what becomes of a lead as
# pictures grow more.

# %%
lines = exercise.leads(table)
plots.leads(lines, ("mammals", "things"))

# %% [markdown]
# Farthest to the right lies *cat or dog*; keep that in mind for exercise 2. To the left, beyond the line, lies *boat, car or
# rocket*. Every lead with all pictures is smaller than the same lead with ten. In words, with five pictures of each class:

# %%
print(exercise.told(lines[lines.per_class == "5"]))

# %% [markdown]
# ## Step 4: the same, on photographs
#
# Felt is not fur. The same networks were asked about photographs, which are not in the box; their numbers are.

# %%
lines = exercise.leads(exercise.ask("photographs"))
plots.leads(lines, ("mammals", "things"))

# %%
print(exercise.told(lines[lines.per_class == "5"]))

# %% [markdown]
# With more pictures, things keep their lead at the brooms, and at the bees: a lead need not shrink.
#
# Of the tractors and the brooms the photographs are Tiny ImageNet's own, of classes that neither network had seen.
#
# Look at *bee or ant*. A bee is an animal, and yet who grew up with things is ahead. Nearness cannot be read off a name, and this
# experiment does not say where a lead comes from. It says only that the lead is there.
#
# One more row deserves a second look.
#
# ### Exercise 2: what had been seen
#
# *Cat or dog* has the largest lead of all on photographs. A colleague reports it: "near knowledge is worth most for cats and
# dogs". But that is no transfer: the network had been taught the answer. Which of its 24 classes are cats or dogs? Give their
# names in a list, as they are printed above.

# %%
### BEGIN SOLUTION
seen = [
    "Chihuahua", "Yorkshire terrier", "golden retriever", "Labrador retriever", "German shepherd", "standard poodle",
    "tabby cat", "Persian cat", "Egyptian cat",
]  # fmt: skip
### END SOLUTION
### BEGIN LEARNER
# seen = None  # your answer goes here
### END LEARNER
exercise.seen.check(seen)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# seen = [
#     "Chihuahua", "Yorkshire terrier", "golden retriever", "Labrador retriever", "German shepherd", "standard poodle",
#     "tabby cat", "Persian cat", "Egyptian cat",
# ]
# ```
#
# </details>
#
# Of *puma, leopard, cheetah* it had seen none. That row is transfer.
#
# ## Step 5: near, far, or simply more?
#
# Two more networks took part: one of the same kind, half as wide again, that saw all 200 classes of Tiny ImageNet; and a real
# [giant](glossary.ipynb), trained on 1.28 million photographs of 1,000 classes. How much is it worth to be near, beside being
# large?

# %%
plots.sources(exercise.means(table, 5), 5)

# %% [markdown]
# The giant is ahead at all five. It has seen something near to almost every question; it is also another layout and sees larger
# pictures, so this figure cannot say which of these helps. Beside it, the order of the two small ones matters little. At *cat or
# dog* the network of 200 classes is no better than the one of 24 mammals.
#
# Mind the first row: a cougar is a puma, and was among the 200 classes; leopard and cheetah were among the giant's thousand.
# These two had an answer before they were asked.
#
# ### The spoon and the shovel
#
# Can somebody who knows a spoon learn a shovel sooner? One of the two networks had seen wooden spoons. Its row is *spoon or
# shovel*:

# %%
spoon = exercise.leads(table, "things", "mammals")
print(exercise.told(spoon[spoon.question == "spoon or shovel"], "things", "mammals"))

# %% [markdown]
# Things are ahead each time, and each time the interval holds 0. That knowing a spoon helps with the shovel may be so; five
# trainings do not show it.
#
# ## Break it on purpose: one training
#
# ### Exercise 3: how often would he have found the opposite?
#
# A colleague has no patience. He trains one network with mammals and one with things, asks each once, and reports who won. Any
# of the five of one kind might have met any of the five of the other: 25 pairs. Write `opposite`: the share of pairs in which
# the *far* network is ahead.


# %%
def opposite(near, far):
    ### BEGIN SOLUTION
    return float(np.greater.outer(far, near).mean())
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.opposite.check(opposite)

# %%
for (kind, question), some in exercise.grid.table.query("per_class == '5'").groupby(["pictures", "question"], sort=False):
    pair = [some[some.source == source].accuracy.tolist() for source in ("mammals", "things")]
    told = opposite(*pair)
    print(f"{question}, {kind}: " + ("no answer yet" if told is None else f"things ahead in {round(25 * told)} of 25 pairs"))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def opposite(near, far):
#     return float(np.greater.outer(far, near).mean())
# ```
#
# </details>
#
# Where the count is 0 or 25, one training says what all five say. Where it lies between, another training may say the opposite:
# the colleague tosses a coin, though not always a fair one, and publishes it.
#
# ## Key points
#
# * It matters what a giant has seen: who knew mammals led at three kinds of big cats with five pictures of each, on felt and on
#   photographs. With all pictures, that lead is no longer told from luck. Other leads stay.
# * At some questions it makes no difference, and at some the network that sounds far is ahead. Both are results, and are shown.
# * A network that has been taught the answer is no example of transfer. Read the list of its classes first.
# * Two kinds of luck: the pictures that were drawn, and the training that a network happened to have. One training has no
#   interval.
# * A large giant that has seen almost everything was ahead of small ones that had seen the right things.
#
# ## What the numbers do and do not show
#
# They are those of small networks, at 64 pixels, with a linear head; 24 classes are a narrow childhood. How near two
# questions are was judged by eye. The intervals hold for other trainings and other draws, not for other validation pictures:
# there are 80 to 300 of each question.
#
# ## References
#
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014,
#   [arXiv:1411.1792](https://arxiv.org/abs/1411.1792). They split ImageNet into natural and man-made things: the same experiment,
#   with all of its thousand classes.
# * K. He and others: *Delving deep into rectifiers*, 2015, [arXiv:1502.01852](https://arxiv.org/abs/1502.01852): the random
#   numbers of the network that grew up with nothing.
#
# Next: 07b. You have ten pictures of each class, and a shelf of giants. Can you tell beforehand which will serve you best?
