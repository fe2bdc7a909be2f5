"""What the comparer must notice: `python3 -m unittest discover -s scripts/reference`."""

import random
import unittest

from compare import Comparison, compare, impostors, literal, options, plain, toml
from settings import SETTINGS


def sample(mean, spread, count=20, seed=1):
    """Values whose mean is exactly `mean`, so that no luck is in it."""
    dice = random.Random(seed)
    values = [dice.gauss(0, spread) for _ in range(count)]
    middle = sum(values) / count
    return [mean + value - middle for value in values]


class Verdicts(unittest.TestCase):
    def verdict(self, program, reference, **more):
        return Comparison(program, reference, **more).verdict()

    def test_equal_means_are_the_same(self):
        self.assertEqual(self.verdict(sample(4.0, 0.05), sample(4.0, 0.05, seed=2)), "same")
        self.assertEqual(self.verdict(sample(4.1, 0.05), sample(4.0, 0.05, seed=2)), "same")

    def test_five_percent_off_differs_either_way(self):
        self.assertEqual(self.verdict(sample(4.2, 0.05), sample(4.0, 0.05, seed=2)), "differs")
        self.assertEqual(self.verdict(sample(3.8, 0.05), sample(4.0, 0.05, seed=2)), "differs")

    def test_too_few_seeds_are_no_test(self):
        self.assertEqual(self.verdict(sample(4.0, 0.5, 4), sample(4.0, 0.5, 4, seed=2)), "noisy")

    def test_nothing_is_the_same_as_nothing_only(self):
        self.assertEqual(self.verdict([0.0] * 4, [0.0] * 4), "same")
        self.assertNotEqual(self.verdict([0.1] * 4, [0.0] * 4), "same")
        self.assertNotEqual(self.verdict([0.0] * 4, [0.1] * 4), "same")

    def test_rare_events_are_held_to_their_own_noise(self):
        self.assertEqual(self.verdict(sample(0.0105, 0.001), sample(0.01, 0.001, seed=2), is_rare=True), "same")
        self.assertEqual(self.verdict(sample(0.0120, 0.001), sample(0.01, 0.001, seed=2), is_rare=True), "differs")
        self.assertEqual(self.verdict(sample(0.01, 0.01), sample(0.01, 0.01, seed=2), is_rare=True), "noisy")

    def test_a_figure_that_is_missing_is_an_error(self):
        with self.assertRaises(KeyError):
            compare([{"hops_mean": 1.0}] * 2, [{}] * 2, ["hops_mean"])


class Power(unittest.TestCase):
    def played(self, other):
        mine, theirs = [[{"hops_mean": value} for value in sample(mean, 0.02)] for mean in (4.0, other)]
        return {"one": (mine, mine, "chord"), "two": (theirs, theirs, "chord")}

    def test_a_setting_that_another_would_pass_for_is_found(self):
        figures = {"one": ["hops_mean"], "two": ["hops_mean"]}
        self.assertEqual(impostors(self.played(4.04), figures), [("one", "two"), ("two", "one")])
        self.assertEqual(impostors(self.played(4.4), figures), [])


class Scenarios(unittest.TestCase):
    def test_both_sides_get_the_same(self):
        setting, = [each for each in SETTINGS if each["scenario"]["name"] == "chord-loss"]
        given = options(setting["scenario"])
        self.assertEqual(given[0], "chord")
        for option in ("successors=10", "stabilize_every=60.0", "loss=0.02", "delay=uniform,0.02,0.12", "session=720.0",
                       "rpc_timeout=1.0", "lookups_mend_tables=true"):
            self.assertIn(option, given)
        text = toml(setting["scenario"])
        for line in ("successors = 10", 'stabilize_every = "1min"', "loss = 0.02", "[network.latency.uniform]"):
            self.assertIn(line, text.splitlines())

    def test_values_are_written_as_each_side_reads_them(self):
        self.assertEqual((literal("5min"), plain("5min"), plain("never")), ('"5min"', "300.0", "never"))
        self.assertEqual((literal(True), plain(True)), ("true", "true"))
        self.assertEqual(literal({"fraction": 0.3}), "{ fraction = 0.3 }")

    def test_settings_have_names_of_their_own_and_figures(self):
        names = [setting["scenario"]["name"] for setting in SETTINGS]
        self.assertEqual(len(set(names)), len(names))
        self.assertGreaterEqual(len(names), 10)
        self.assertTrue(all(setting["figures"] for setting in SETTINGS))


if __name__ == "__main__":
    unittest.main()
