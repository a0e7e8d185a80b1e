# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Words
#
# Each as this course uses it, in a line. The lessons say more where they need it.
#
# | word | what it means here |
# |---|---|
# | accuracy | the share of pictures that are named correctly |
# | activation | the number that one place of a map gives for one picture |
# | Adam | a rule for changing weights in training; it gives each weight a step size of its own |
# | AlexNet | the network that won the ImageNet contest in 2012; five convolutions, 60 million weights |
# | backbone | a network without its head: what turns a picture into features |
# | BatchNorm | a layer that brings each map to mean 0 and spread 1, by the pictures that it is trained with |
# | block | several layers that belong together; a network is a chain of blocks |
# | captum | a Python library that asks networks what in a picture decided their answer |
# | class | one of the answers that are allowed: cats, dogs |
# | convolution | a small window of weights that slides over the picture; what it gives is a map |
# | cross-entropy | the loss of a network that names classes: small where the right name got a high probability |
# | Dropout | in training, some of the numbers are set to 0 at random, so that none becomes indispensable |
# | edition | *pocket*: what comes with the course. *Full*: photographs and larger networks, once you have fetched them |
# | epoch | one time through all training pictures |
# | feature | a number that a network computes about a picture; all of them together are what its head sees |
# | felt pictures | our own, rendered on a computer from models of felt |
# | fine-tune | go on training a network that knows something, gently, on your pictures |
# | freeze | keep weights as they are while others learn |
# | from scratch | train a network whose weights are random at the start |
# | giant | a network that somebody else has trained |
# | gradient | for each weight, how much the loss changes when the weight does |
# | head | the last step, from features to the names of classes |
# | input units | the numbers of a picture after the transform: what the first layer sees |
# | interval | the range in which the truth lies, in 95 of 100 such experiments |
# | layer | one step of a network |
# | learning rate | how large the steps of a training are |
# | logistic regression | a head: one weight for each feature, added up, and turned into probabilities |
# | loss | how wrong a network is, as one number that training makes smaller |
# | map | what one filter of a layer gives: a small picture of where it found what it looks for |
# | nearest neighbours | a head that learns nothing: the training pictures whose features are most alike have a vote |
# | normalised | shifted and divided, so that the mean is 0 and the spread 1, or the length is 1 |
# | pooling | making a map smaller: of each two by two numbers the largest (max) or the mean |
# | rank correlation | whether two lists have the same order: 1 the same, 0 none in common, −1 reversed |
# | ReLU | what is negative becomes 0 |
# | requires_grad | PyTorch's switch on a weight: does it learn? |
# | seed | the number from which random draws are made; the same seed gives the same draw |
# | softmax | turns scores into probabilities that add up to 1 |
# | standard deviation | how far numbers lie from their mean, typically |
# | stride | how far the window of a convolution moves at a time |
# | training, validation pictures | those that a head learns from; those that it is judged by, and has never seen |
# | transform | how a picture is cut, shrunk and shifted before a network sees it; it belongs to the weights |
# | weights | the numbers inside a network that training has set; also called parameters |
