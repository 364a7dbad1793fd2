#!/usr/bin/env python3
"""Scores a corpus with Spark: the same lines through the same filter, wherever Spark's workers are.

usage: spark_pipe.py CORPUS SCORES [rwkv-score option]...     or: spark-submit spark_pipe.py ...
CORPUS: text files of lines {"id": ..., "text": "..."}; SCORES: a folder that Spark writes, answers in the same order.
RWKV_MODEL, RWKV_VOCAB: paths that hold on every worker; a demo model unless given. rwkv-score is looked for in PATH as it is
here, or in this project's build/bin.
"""
import os
import shlex
import sys

from pyspark.sql import SparkSession

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(corpus, scores, *options):
    model = os.environ.get("RWKV_MODEL", f"{root}/demo/rwkv7-shakespeare.pth")
    vocabulary = os.environ.get("RWKV_VOCAB", f"{root}/demo/vocab.txt")
    path = f"{os.environ['PATH']}:{root}/build/bin"
    command = ["rwkv-score", "-m", model, "-v", vocabulary, "--jsonl", "-q", "-t", "1", *options]
    spark = SparkSession.builder.appName("rwkv-score").getOrCreate()
    requests = spark.sparkContext.textFile(corpus).filter(str.strip)
    # The exit status of the filter is 1 too when a line was in error, and then all others are answered: so lines are counted.
    requests.pipe(shlex.join(command), {"PATH": path}).saveAsTextFile(scores)
    n_requests, n_answers = requests.count(), spark.sparkContext.textFile(scores).count()
    spark.stop()
    if n_answers != n_requests:
        sys.exit(f"spark_pipe.py: {n_answers} answers to {n_requests} requests")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
