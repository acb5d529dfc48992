"""Makes what scikit-learn, SciPy and PyTorch make of a small routing problem.

    python generate.py        writes routing.json beside this file

Needs numpy, scipy, scikit-learn 1.9.1 and torch 2.13. Everything is in double precision.
"""

import json
import os

import numpy as np
import torch
from scipy.optimize import minimize, minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, top_k_accuracy_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
L2 = 0.01
CLASSES = 4
torch.set_default_dtype(torch.float64)


def problem(random, count, centres):
    """Clusters of unequal sizes that overlap, in features of unequal scales."""
    labels = random.choice(CLASSES, size=count, p=[0.4, 0.3, 0.2, 0.1])
    labels[:CLASSES] = range(CLASSES)
    noise = random.normal(size=(count, centres.shape[1]))
    features = (centres[labels] + noise) * [1, 3, 0.1, 10, 2] + [0, 5, -1, 20, 1]
    return np.round(features, 6), labels


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def calibration_error(probabilities, labels, bins=15):
    confidence, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = confidence[inside].mean() - (chosen[inside] == labels[inside]).mean()
            error += inside.mean() * abs(gap)
    return error


def regret(random, features, labels):
    """The least expected cost of a linear gate, from zero weights, and the costs."""
    count, width = features.shape
    costs = np.round(random.gamma(2.0, 0.5, size=(count, CLASSES)), 6)
    costs[np.arange(count), labels] *= 0.3
    costs = np.round(costs, 6)
    scaled = costs / np.abs(costs).mean()

    def loss(point):
        weights = point.reshape(CLASSES, width + 1)
        logits = features @ weights[:, :-1].T + weights[:, -1]
        expected = (softmax(logits) * scaled).sum(axis=1)
        return expected.mean() + L2 / 2 * (weights[:, :-1] ** 2).sum()

    found = minimize(
        loss, np.zeros(CLASSES * (width + 1)), method="BFGS", options={"gtol": 1e-9, "maxiter": 5000}
    )
    return costs, float(found.fun)


def network(features, labels, hidden, balance, random, steps=12):
    """Parameters and losses of a few full-batch steps of AdamW."""
    width = features.shape[1]
    first = np.round(random.normal(size=(hidden, width + 1)) * 0.5, 6)
    last = np.round(random.normal(size=(CLASSES, (hidden or width) + 1)) * 0.5, 6)
    inputs, targets = torch.tensor(features), torch.tensor(labels)
    one = torch.tensor(first, requires_grad=True)
    two = torch.tensor(last, requires_grad=True)
    optimiser = torch.optim.AdamW([one, two], lr=0.05, weight_decay=0.01)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        units = inputs
        if hidden:
            units = torch.relu(inputs @ one[:, :-1].T + one[:, -1])
        logits = units @ two[:, :-1].T + two[:, -1]
        loss = torch.nn.functional.cross_entropy(logits, targets)
        probabilities = torch.softmax(logits, dim=1)
        chosen = torch.bincount(logits.argmax(dim=1), minlength=CLASSES) / len(targets)
        loss = loss + balance * CLASSES * (chosen.detach() * probabilities.mean(dim=0)).sum()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
    return {
        "hidden": hidden, "balance": balance, "learningRate": 0.05,
        "start": first.ravel().tolist() + last.ravel().tolist(),
        "end": one.detach().numpy().ravel().tolist() + two.detach().numpy().ravel().tolist(),
        "losses": losses,
    }


def main():
    random = np.random.default_rng(20260)
    centres = random.normal(size=(CLASSES, 5)) * 1.2
    train, labels = problem(random, 80, centres)
    test, answers = problem(random, 50, centres)
    scaler = StandardScaler().fit(train)
    rows, other = scaler.transform(train), scaler.transform(test)

    logistic = LogisticRegression(C=1 / (L2 * len(labels)), tol=1e-12, max_iter=100_000)
    logistic.fit(rows, labels)
    logits = logistic.decision_function(other)
    probabilities = softmax(logits)
    loss = log_loss(labels, logistic.predict_proba(rows)) + L2 / 2 * (logistic.coef_**2).sum()
    nll = lambda t: log_loss(answers, softmax(logits / t))  # noqa: E731
    temperature = minimize_scalar(nll, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-10}).x
    neighbours = KNeighborsClassifier(5, algorithm="brute").fit(rows, labels)
    costs, least = regret(random, rows, labels)
    scikit = {
        "l2": L2, "classes": CLASSES,
        "train": train.ravel().tolist(), "labels": labels.tolist(),
        "test": test.ravel().tolist(), "answers": answers.tolist(),
        "loss": loss,
        "probabilities": probabilities.ravel().tolist(),
        "macroF1": f1_score(answers, probabilities.argmax(axis=1), average="macro"),
        "topTwo": top_k_accuracy_score(answers, probabilities, k=2),
        "negativeLogLikelihood": log_loss(answers, probabilities),
        "calibrationError": calibration_error(probabilities, answers),
        "temperature": temperature,
        "calibratedNegativeLogLikelihood": nll(temperature),
        "centroid": NearestCentroid().fit(rows, labels).predict(other).tolist(),
        "neighbours": neighbours.predict(other).tolist(),
        "votes": (neighbours.predict_proba(other) * 5).round().astype(int).ravel().tolist(),
        "costs": costs.ravel().tolist(), "leastCost": least,
        "networks": [
            network(rows, labels, 3, 0.0, random), network(rows, labels, 0, 0.5, random),
        ],
    }
    with open(os.path.join(HERE, "routing.json"), "w") as file:
        json.dump(scikit, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
