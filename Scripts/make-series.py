#!/usr/bin/env python3
"""Writes Examples/series/series.csv: what a town might draw from the grid in each hour of twenty weeks, in megawatts.

usage: make-series.py > Examples/series/series.csv

A working day with a peak in the morning and one in the evening, a flatter weekend, and noise that is larger by day and
remembers the hour before (an autoregressive process). In the last four weeks something is wrong at times, which the third
column says; nothing that learns looks at it.
"""
import math, random

WEEK = 168
random.seed(7)


def expected(hour):
    day, time = hour // 24 % 7, hour % 24
    peak = lambda center, width: math.exp(-((time - center) / width) ** 2)
    if day < 5:
        return 420 + 210 * peak(8, 2.5) + 120 * peak(13, 4) + 260 * peak(19, 2.8)
    return 400 + 130 * peak(11.5, 4) + 190 * peak(19.5, 3.2)


wrong = {}  # hour: what becomes of the load
for first, count, change in [
    (16 * WEEK + 35, 1, lambda load: load + 160), (16 * WEEK + 83, 5, lambda load: 455),
    (16 * WEEK + 142, 1, lambda load: load - 190), (17 * WEEK + 20, 6, lambda load: load - 130),
    (17 * WEEK + 90, 1, lambda load: load + 140), (18 * WEEK + 11, 4, lambda load: load * 1.3),
    (18 * WEEK + 75, 1, lambda load: 0), (18 * WEEK + 130, 8, lambda load: load + 110),
    (19 * WEEK + 30, 1, lambda load: load - 150), (19 * WEEK + 103, 5, lambda load: 610)]:
    wrong |= {hour: change for hour in range(first, first + count)}

print("hour,load,anomaly")
noise = 0
for hour in range(20 * WEEK):
    noise = 0.7 * noise + random.gauss(0, 5 + 8 * (7 <= hour % 24 <= 21))
    load = expected(hour) + noise
    print(f"{hour},{wrong.get(hour, float)(load):.0f},{int(hour in wrong)}")
