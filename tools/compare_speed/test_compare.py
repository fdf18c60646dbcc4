"""Tests of what needs no peer: python -m unittest discover tools/compare_speed"""

import sys
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import child
import exported
import markdown
import measure
import paired
import recipe
from rows import Goal, Row

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
GOALS = (Goal("must", ("a", "b"), 0.5), Goal("stretch", ("c",), 1.0))
ROW = Row("row", "Work", "work.toml", "train", 2, 32, 3, ("a", "b", "c"), GOALS)


def runs(*medians):
    return [
        {"round": i, "step_s": {"median": m}, "peak_rss_bytes": 1 << 20, "others_share": 0.1 * i}
        for i, m in enumerate(medians)
    ]


class Paired(unittest.TestCase):
    def test_ratios_are_taken_within_rounds(self):
        # The machine slows down twofold in the second round; fasgard takes half of a's time in all.
        ours, theirs = runs(1.0, 2.0, 1.0), runs(2.0, 4.0, 2.0)
        self.assertEqual(paired.ratios(ours, theirs), [0.5, 0.5, 0.5])
        self.assertEqual(paired.ratios(ours[1:], theirs), [0.5, 0.5])

    def test_rates_of_an_exported_file(self):
        times = {"fasgard": runs(1.0, 2.0, 1.0), "onnxruntime": runs(3.0, 4.0, 2.0)}
        result = exported.summarise(times, 16)
        self.assertEqual(result["fasgard"]["images_per_s"], 16.0)
        self.assertEqual(result["onnxruntime"]["images_per_s"], 16.0 / 3.0)
        self.assertAlmostEqual(result["onnxruntime"]["times_as_fast"], 2.0)
        self.assertAlmostEqual(result["onnxruntime"]["range"][1], 3.0)

    def test_a_goal_is_held_against_the_fastest_peer(self):
        times = {"fasgard": runs(1.0, 1.2, 0.8), "a": runs(4.0, 4.0, 4.0), "b": runs(1.5, 2.0, 2.0)}
        result = paired.summarise(ROW, times, {"c": "no such instructions"}, {})
        must, stretch = result["goals"]
        self.assertEqual(must["against"], "b")
        self.assertAlmostEqual(must["ratio"], 0.6)
        self.assertIs(must["holds"], False)
        self.assertIsNone(stretch["holds"])
        ratio = result["peers"]["b"]["ratio"]
        self.assertAlmostEqual(ratio["min"], 0.4)
        self.assertAlmostEqual(ratio["max"], 1.0 / 1.5)
        self.assertEqual(result["peers"]["c"]["status"], "not run")

    def test_a_goal_is_not_known_if_one_of_its_peers_failed(self):
        times = {"fasgard": runs(1.0), "a": runs(4.0), "b": []}
        result = paired.summarise(ROW, times, {}, {"b": "exit code 1"})
        self.assertIsNone(result["goals"][0]["holds"])
        self.assertEqual(result["peers"]["b"], {"status": "failed", "reason": "exit code 1"})

    def test_the_table_says_what_was_missed(self):
        times = {"fasgard": runs(1.0, 1.0), "a": runs(4.0, 4.0), "b": runs(0.25, 0.5)}
        row = paired.summarise(ROW, times, {"c": "no such instructions"}, {})
        machine = {"processor": "P", "processors": 2}
        result = {"rows": [row], "machine": machine, "threads": 2, "rounds": 2, "versions": {}}
        a, b, c = markdown.table(result).splitlines()[2:5]
        self.assertIn("| **0.25** (0.25 to 0.25) | 1 MiB / 1 MiB | – |", a)
        self.assertIn("| 375 ms | **3.00** (2.00 to 4.00) | 1 MiB / 1 MiB | must 0.50: missed |", b)
        self.assertIn("not run: no such instructions | – | – | stretch 1.00: not known |", c)
        self.assertIn("at most 10 %", markdown.table(result))


class Children(unittest.TestCase):
    def run_python(self, code, **more):
        return child.run([sys.executable, "-c", code], 2, more.pop("tuned", False), 20, **more)

    def test_json_on_the_last_line_or_over_many(self):
        self.assertEqual(self.run_python("print('noise'); print('{\"a\": 1}')")["a"], 1)
        self.assertEqual(self.run_python("print('{\\n\"a\":\\n2}')")["a"], 2)

    def test_failures_say_why(self):
        for code, text in [
            ("import sys; sys.exit('no weights')", "no weights"),
            ("print('hello')", "no JSON"),
        ]:
            with self.assertRaisesRegex(child.ChildFailed, text):
                self.run_python(code)
        with self.assertRaisesRegex(child.ChildFailed, "No such file"):
            child.run(["/nowhere/fasgard"], 2, False, 20)

    def test_the_environment_decides_threads_and_memory(self):
        code = (
            "import json, os; print(json.dumps({k: os.environ.get(k) for k in "
            "['OMP_NUM_THREADS', 'RAYON_NUM_THREADS', 'OPENBLAS_CORETYPE', 'MALLOC_ARENA_MAX',"
            " 'MALLOC_MMAP_THRESHOLD_']}))"
        )
        child.os.environ.update(OPENBLAS_CORETYPE="Haswell", MALLOC_ARENA_MAX="1")
        try:
            plain, tuned = self.run_python(code), self.run_python(code, tuned=True)
        finally:
            for key in ("OPENBLAS_CORETYPE", "MALLOC_ARENA_MAX"):
                del child.os.environ[key]
        for env in (plain, tuned):
            self.assertEqual(env["OMP_NUM_THREADS"], "2")
            self.assertEqual(env["RAYON_NUM_THREADS"], "2")
            self.assertIsNone(env["OPENBLAS_CORETYPE"])
            self.assertIsNone(env["MALLOC_ARENA_MAX"])
        self.assertIsNone(plain["MALLOC_MMAP_THRESHOLD_"])
        self.assertEqual(tuned["MALLOC_MMAP_THRESHOLD_"], "4294967296")


class Selection(unittest.TestCase):
    def options(self, **more):
        return types.SimpleNamespace(
            **{"peers": None, "emulated_bf16": False, "untuned": False} | more
        )

    def test_bf16_needs_its_instructions(self):
        row = Row("r", "R", "r.toml", "train", 1, 32, 1, ("torch-f32-nhwc", "torch-bf16-nhwc"), ())
        run, skipped = measure.peers_of(row, self.options(), {"avx2"})
        self.assertEqual((run, list(skipped)), (["torch-f32-nhwc"], ["torch-bf16-nhwc"]))
        run, skipped = measure.peers_of(row, self.options(untuned=True), {"avx512_bf16"})
        self.assertEqual(run, ["torch-f32-nhwc", "torch-f32-nhwc-default", "torch-bf16-nhwc"])
        self.assertEqual(skipped, {})


class Recipes(unittest.TestCase):
    def test_the_configurations_of_the_rows(self):
        resnet, cdcn = (recipe.read(CONFIGS / f"{n}-ps.toml") for n in ("resnet50", "cdcn"))
        self.assertEqual(resnet.scales, (8, 4, 2, 1))
        self.assertEqual((cdcn.scales, cdcn.theta), ((32, 16, 8, 4), 0.7))

    def test_what_the_peers_cannot_build_is_refused(self):
        with self.assertRaisesRegex(ValueError, "model.backbone and target"):
            recipe.read(CONFIGS / "resnet18-ps.toml")


if __name__ == "__main__":
    unittest.main()
