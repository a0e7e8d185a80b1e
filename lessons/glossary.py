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
# | area under the curve | how often a picture of the class that is looked for is found more suspect than one of the other |
# | augmentation | training pictures turned, enlarged and lit anew in every epoch |
# | backbone | a network without its head: what turns a picture into features |
# | batch | the pictures that go through a network together |
# | BatchNorm | a layer that brings each map to mean 0 and spread 1, by the pictures that it is trained with |
# | benign | harmless; of a mole: no cancer |
# | biopsy | a piece of skin or of another tissue is cut out, and looked at under the microscope |
# | block | several layers that belong together; a network is a chain of blocks |
# | bootstrap | an interval from drawing the same results anew, with replacement, many times |
# | Brier score | the mean square of what a probability is off by: 0 is perfect |
# | calibration | whether of all that is called 80 % sure, 80 % are so |
# | Caltech-101, Caltech-256 | photographs of 101 and 256 kinds of things, for testing classifiers |
# | captum | a Python library that asks networks what in a picture decided their answer |
# | class | one of the answers that are allowed: cats, dogs |
# | classifier | what sorts pictures into classes |
# | clip | a short recording of one thing, as a word |
# | convolution | a small window of weights that slides over the picture; what it gives is a map |
# | cosine | how nearly two rows of numbers point in the same direction: 1 the same, 0 nothing in common |
# | covering, occlusion | a part of a picture is hidden, to see what becomes of the answer |
# | cross-entropy | the loss of a network that names classes: small where the right name got a high probability |
# | cross-validation | each part of the training pictures is judged by a head that all other parts taught |
# | CTC | how likely a string is, added up over all ways to stretch it over the moments of a clip |
# | dead map | a map that answers to none of the pictures that were searched |
# | deconvnet | the way back from one activation to the pixels that made it |
# | draw | which training pictures were taken, at random |
# | Dropout | in training, some of the numbers are set to 0 at random, so that none becomes indispensable |
# | edition | *pocket*: what comes with the course. *Full*: photographs and larger networks, once you have fetched them |
# | embedding | a row of numbers that stands for a thing, so that alike things lie close together |
# | engine | a program that runs a network; of synthetic voices, the program that makes a family of them |
# | epoch | one time through all training pictures |
# | feature | a number that a network computes about a picture; all of them together are what its head sees |
# | felt pictures | our own, rendered on a computer from models of felt |
# | filter | a small pattern of weights; its answers at all places are a map |
# | fine-tune | go on training a network that knows something, gently, on your pictures |
# | freeze | keep weights as they are while others learn |
# | from scratch | train a network whose weights are random at the start |
# | giant | a network that somebody else has trained |
# | Grad-CAM | where in a picture a class is found, from the maps of a late layer |
# | gradient | for each weight, how much the loss changes when the weight does |
# | guided backpropagation | a way back to the pixels like the deconvnet's, which asks also what the map said on the way up |
# | head | the last step, from features to the names of classes |
# | hidden features | what goes into a network's own head |
# | ImageNet | 1.28 million photographs of 1,000 kinds of things, from which most giants have learnt |
# | input units | the numbers of a picture after the transform: what the first layer sees |
# | integrated gradients | what each pixel gave to a score, on the way from a grey picture to this one |
# | interval | the range in which the truth lies, in 95 of 100 such experiments |
# | Kendall's tau | of all pairs, the share in the right order less the share in the wrong one |
# | layer | one step of a network |
# | layout | which layers a network has, in which order and size, whatever their weights are |
# | leak | a program has seen the answers that it is judged by |
# | learning curve | accuracy against the number of training pictures |
# | learning rate | how large the steps of a training are |
# | letter-to-sound rules | how a language says what it spells, written down rule by rule |
# | leverage | how much a fit bends to one picture |
# | logarithmic | an axis on which equal steps mean equal factors: from 1 to 10 is as far as from 10 to 100 |
# | logistic regression | a head: one weight for each feature, added up, and turned into probabilities |
# | LogME, LEEP, H-score | scores that promise, before training, how well a giant will serve |
# | loss | how wrong a network is, as one number that training makes smaller |
# | LSTM | a kind of layer that goes through something step by step and carries a memory along |
# | malignant | of a mole: it is cancer |
# | map | what one filter of a layer gives: a small picture of where it found what it looks for |
# | MFCC | a dozen numbers for the colour of a sound, computed by rules: what speech recognisers used before networks |
# | more than luck | where two runs differ, one wins so often that a coin would do so in fewer than 5 of 100 cases |
# | nearest neighbours | a head that learns nothing: the training pictures whose features are most alike have a vote |
# | normalised | shifted and divided, so that the mean is 0 and the spread 1, or the length is 1 |
# | odds | a probability divided by what it lacks to one: 80 % are odds of 4 |
# | paired | two ways judged on the same draws, so that luck goes out of the difference |
# | phoneme | a sound that tells words apart, as *b* and *p* in *bear* and *pear* |
# | plate | what excites a map most, and beside it what the map took from it |
# | point | a hundredth of accuracy: from 80 % to 85 % are five points |
# | pool of pictures | those that are searched; nothing learns from them |
# | pooling | making a map smaller: of each two by two numbers the largest (max) or the mean |
# | prevalence | the share of those who come that have what is looked for |
# | prior knowledge | what a network has learnt before it meets your question |
# | product of experts | several answers joined by adding their logarithms: who calls a thing impossible is heard |
# | projection | what a deconvnet gives at the pixels |
# | random weights | the same layout, never trained: the control of every claim about learning |
# | rank correlation | whether two lists have the same order: 1 the same, 0 none in common, −1 reversed |
# | reading | a way in which a word is mangled in our clips: by its spelling, or sound by sound |
# | receptive field | what one place of a layer can see of the picture |
# | recogniser | a program that writes down what is said |
# | recipe | how a network is trained: what learns, for how many epochs, in which steps |
# | ReLU | what is negative becomes 0 |
# | requires_grad | PyTorch's switch on a weight: does it learn? |
# | ridge regression | a head like logistic regression, fitted in one calculation |
# | ROC curve | sensitivity against false alarms, for every threshold |
# | running statistics | the mean and spread that BatchNorm keeps from the batches of its training, to answer with later |
# | score | how much a picture looks like one thing to the network; the larger, the more |
# | seed | the number from which random draws are made; the same seed gives the same draw |
# | sensitivity | of those who have it, the share that is found |
# | shortcut | what goes with the answer in the training pictures and is not what was meant |
# | softmax | turns scores into probabilities that add up to 1 |
# | specificity | of those who have it not, the share that is left in peace |
# | spectrogram | a sound as a picture: time to the right, pitch upwards, bright where it is loud |
# | spread | short for standard deviation |
# | standard deviation | how far numbers lie from their mean, typically |
# | stretch | an equal part of what is said in a clip; the mean of each is told, so that the order of sounds is kept |
# | stride | how far the window of a convolution moves at a time |
# | Student's t | how many standard errors an interval reaches when there are few runs |
# | synthesiser | a program that speaks |
# | threshold | the probability from which on a picture is called suspect |
# | training, validation pictures | those that a head learns from; those that it is judged by, and has never seen |
# | transform | how a picture is cut, shrunk and shifted before a network sees it; it belongs to the weights |
# | weights | the numbers inside a network that training has set; also called parameters |
