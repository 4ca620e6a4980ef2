"""More worked amounts of the pension law, computed by hand in exact decimals.

`official` rows stand on a rate, an amount or a divisor of a published act; `worked` rows show the
arithmetic of the formula on made-up careers. `docs/methods.md` counts both.
"""

import numpy as np
import pytest
from songhe.model import pension_rules as rules
from songhe.model.policies import employee_pension as ep
from songhe.model.policies import resident_pension as rp
from songhe.parameters.load import load

# kind, rule, what it is given (money in fen, index in 1/10000), fen, the arithmetic
AMOUNTS = [
    (
        "worked",
        "base_pension",
        (712300, 9200, 216, 0.01),
        123085,
        "712,300 x (1 + 0.92) / 2 x 216/12 x 1 % = 123,085.44",
    ),
    (
        "worked",
        "base_pension",
        (698750, 6000, 240, 0.01),
        111800,
        "698,750 x (1 + 0.6) / 2 x 240/12 x 1 % = 111,800.00",
    ),
    (
        "worked",
        "base_pension",
        (845600, 15000, 300, 0.01),
        264250,
        "845,600 x (1 + 1.5) / 2 x 300/12 x 1 % = 264,250.00",
    ),
    (
        "worked",
        "base_pension",
        (512340, 11000, 192, 0.01),
        86073,
        "512,340 x (1 + 1.1) / 2 x 192/12 x 1 % = 86,073.12",
    ),
    (
        "worked",
        "base_pension",
        (934100, 8500, 228, 0.01),
        164168,
        "934,100 x (1 + 0.85) / 2 x 228/12 x 1 % = 164,168.08",
    ),
    (
        "worked",
        "base_pension",
        (391200, 7600, 183, 0.01),
        52499,
        "391,200 x (1 + 0.76) / 2 x 183/12 x 1 % = 52,499.04",
    ),
    (
        "worked",
        "base_pension",
        (1005000, 20000, 420, 0.01),
        527625,
        "1,005,000 x (1 + 2) / 2 x 420/12 x 1 % = 527,625.00",
    ),
    (
        "worked",
        "base_pension",
        (655500, 6400, 197, 0.01),
        88241,
        "655,500 x (1 + 0.64) / 2 x 197/12 x 1 % = 88,241.22",
    ),
    (
        "worked",
        "base_pension",
        (780000, 10000, 266, 0.01),
        172900,
        "780,000 x (1 + 1) / 2 x 266/12 x 1 % = 172,900.00",
    ),
    (
        "worked",
        "base_pension",
        (601250, 13300, 348, 0.01),
        203132,
        "601,250 x (1 + 1.33) / 2 x 348/12 x 1 % = 203,132.31",
    ),
    (
        "worked",
        "base_pension",
        (889900, 7100, 201, 0.01),
        127445,
        "889,900 x (1 + 0.71) / 2 x 201/12 x 1 % = 127,444.80",
    ),
    (
        "worked",
        "base_pension",
        (450000, 30000, 480, 0.01),
        360000,
        "450,000 x (1 + 3) / 2 x 480/12 x 1 % = 360,000.00",
    ),
    (
        "worked",
        "transitional_pension",
        (712300, 9200, 6, 0.012),
        47183,
        "712,300 x 0.92 x 6 x 1.200 % = 47,182.75",
    ),
    (
        "worked",
        "transitional_pension",
        (698750, 6000, 11, 0.01),
        46118,
        "698,750 x 0.6 x 11 x 1.00 % = 46,117.50",
    ),
    (
        "worked",
        "transitional_pension",
        (845600, 15000, 4, 0.014),
        71030,
        "845,600 x 1.5 x 4 x 1.400 % = 71,030.40",
    ),
    (
        "worked",
        "transitional_pension",
        (512340, 11000, 17, 0.012),
        114969,
        "512,340 x 1.1 x 17 x 1.200 % = 114,969.10",
    ),
    (
        "worked",
        "transitional_pension",
        (934100, 8500, 3, 0.013),
        30965,
        "934,100 x 0.85 x 3 x 1.300 % = 30,965.42",
    ),
    (
        "worked",
        "transitional_pension",
        (391200, 7600, 25, 0.012),
        89194,
        "391,200 x 0.76 x 25 x 1.200 % = 89,193.60",
    ),
    (
        "worked",
        "transitional_pension",
        (655500, 6400, 9, 0.011),
        41532,
        "655,500 x 0.64 x 9 x 1.100 % = 41,532.48",
    ),
    (
        "worked",
        "transitional_pension",
        (601250, 13300, 14, 0.012),
        134343,
        "601,250 x 1.33 x 14 x 1.200 % = 134,343.30",
    ),
    ("official", "indexed", (235668, 0.1), 259235, "rise of 2011: 235,668 x 1.1 = 259,234.80"),
    ("official", "indexed", (235753, 0.065), 251077, "rise of 2016: 235,753 x 1.065 = 251,076.94"),
    ("official", "indexed", (235770, 0.055), 248737, "rise of 2017: 235,770 x 1.055 = 248,737.35"),
    ("official", "indexed", (235787, 0.05), 247576, "rise of 2018: 235,787 x 1.05 = 247,576.35"),
    ("official", "indexed", (235838, 0.045), 246451, "rise of 2021: 235,838 x 1.045 = 246,450.71"),
    ("official", "indexed", (235855, 0.04), 245289, "rise of 2022: 235,855 x 1.04 = 245,289.20"),
    ("official", "indexed", (235872, 0.038), 244835, "rise of 2023: 235,872 x 1.038 = 244,835.14"),
    ("official", "indexed", (235889, 0.03), 242966, "rise of 2024: 235,889 x 1.03 = 242,965.67"),
    ("official", "indexed", (235906, 0.02), 240624, "rise of 2025: 235,906 x 1.02 = 240,624.12"),
    (
        "official",
        "credited",
        (4352465, 0.0831),
        361690,
        "rate of 2016: 4,352,465 x 8.31 % = 361,689.84",
    ),
    (
        "official",
        "credited",
        (4353478, 0.0712),
        309968,
        "rate of 2017: 4,353,478 x 7.12 % = 309,967.63",
    ),
    (
        "official",
        "credited",
        (4354491, 0.0829),
        360987,
        "rate of 2018: 4,354,491 x 8.29 % = 360,987.30",
    ),
    (
        "official",
        "credited",
        (4355504, 0.0761),
        331454,
        "rate of 2019: 4,355,504 x 7.61 % = 331,453.85",
    ),
    (
        "official",
        "credited",
        (4356517, 0.0604),
        263134,
        "rate of 2020: 4,356,517 x 6.04 % = 263,133.63",
    ),
    (
        "official",
        "credited",
        (4357530, 0.0669),
        291519,
        "rate of 2021: 4,357,530 x 6.69 % = 291,518.76",
    ),
    (
        "official",
        "credited",
        (4358543, 0.0612),
        266743,
        "rate of 2022: 4,358,543 x 6.12 % = 266,742.83",
    ),
    (
        "official",
        "credited",
        (4359556, 0.0397),
        173074,
        "rate of 2023: 4,359,556 x 3.97 % = 173,074.37",
    ),
    (
        "official",
        "credited",
        (4360569, 0.0262),
        114247,
        "rate of 2024: 4,360,569 x 2.62 % = 114,246.91",
    ),
]

# kind, account, age in months, fen a month, the arithmetic
ACCOUNTS = [
    ("official", 9000000, 600, 46153, "9,000,000 / 195 = 46,153.85, whole fen"),
    ("official", 12500000, 660, 73529, "12,500,000 / 170 = 73,529.41, whole fen"),
    ("official", 20000000, 720, 143884, "20,000,000 / 139 = 143,884.89, whole fen"),
    ("official", 31234567, 756, 266962, "31,234,567 / 117 = 266,962.11, whole fen"),
    ("official", 15000000, 780, 148514, "15,000,000 / 101 = 148,514.85, whole fen"),
    ("official", 8765432, 840, 156525, "8,765,432 / 56 = 156,525.57, whole fen"),
    ("official", 27000000, 540, 125000, "27,000,000 / 216 = 125,000.00, whole fen"),
    ("official", 5000000, 696, 32894, "5,000,000 / 152 = 32,894.74, whole fen"),
    (
        "worked",
        20000000,
        726,
        147601,
        "divisor 139 - 7 x 6/12 = 135.5000; 20,000,000 over it = 147,601.48",
    ),
    (
        "worked",
        20000000,
        735,
        153550,
        "divisor 132 - 7 x 3/12 = 130.2500; 20,000,000 over it = 153,550.86",
    ),
    (
        "worked",
        18000000,
        664,
        107142,
        "divisor 170 - 6 x 4/12 = 168.0000; 18,000,000 over it = 107,142.86",
    ),
    (
        "worked",
        31000000,
        753,
        260504,
        "divisor 125 - 8 x 9/12 = 119.0000; 31,000,000 over it = 260,504.20",
    ),
]

# kind, account of a resident, fen a month, the arithmetic
RESIDENTS = [
    ("official", 139000, 1000, "139,000 / 139 = 1,000.00, whole fen"),
    ("official", 2500000, 17985, "2,500,000 / 139 = 17,985.61, whole fen"),
    ("official", 333333, 2398, "333,333 / 139 = 2,398.08, whole fen"),
    ("official", 1390, 10, "1,390 / 139 = 10.00, whole fen"),
    ("official", 10000000, 71942, "10,000,000 / 139 = 71,942.45, whole fen"),
    ("official", 765432, 5506, "765,432 / 139 = 5,506.71, whole fen"),
]

# kind, class, yearly contribution and matching subsidy of 2014, fen, the law
CLASSES = [
    ("official", 1, 10000, 3000, "class of 100 yuan: 30 yuan"),
    ("official", 2, 20000, 3000, "class of 200 yuan: 30 yuan"),
    ("official", 3, 30000, 3000, "class of 300 yuan: 30 yuan"),
    ("official", 4, 40000, 3000, "class of 400 yuan: 30 yuan"),
    ("official", 5, 50000, 6000, "class of 500 yuan: 60 yuan"),
    ("official", 6, 60000, 6000, "class of 600 yuan: 60 yuan"),
    ("official", 7, 70000, 6000, "class of 700 yuan: 60 yuan"),
    ("official", 8, 80000, 6000, "class of 800 yuan: 60 yuan"),
    ("official", 9, 90000, 6000, "class of 900 yuan: 60 yuan"),
    ("official", 10, 100000, 6000, "class of 1000 yuan: 60 yuan"),
    ("official", 11, 150000, 6000, "class of 1500 yuan: 60 yuan"),
    ("official", 12, 200000, 6000, "class of 2000 yuan: 60 yuan"),
]

# kind, month in which service in a public post ends, its years, pay a month at the standard of 2014
# or before (fen), pension by the new formula, fen a month, the arithmetic
PUBLIC = [
    ("official", "2013-05", 8, 412000, 150000, 206000,
     "412,000 x 0.50 = 206,000 > 150,000: the old one"),
    ("official", "2014-09", 36, 500000, 300000, 450000,
     "500,000 x 0.90 = 450,000 > 300,000: the old one"),
    ("official", "2014-09", 22, 412300, 400000, 329840,
     "412,300 x 0.80 = 329,840 < 400,000: the old one"),
    ("official", "2014-10", 36, 500000, 480000, 453000,
     "500,000 x 0.90 = 450,000; + 0.1 x (480,000 - 450,000) = 453,000.00"),
    ("official", "2015-12", 31, 623440, 600000, 536932,
     "623,440 x 0.85 = 529,924; + 0.1 x (600,000 - 529,924) = 536,931.60"),
    ("worked", "2016-05", 28, 455000, 350000, 387660,
     "455,000 x 1.065 = 484,575; x 0.80 = 387,660 > 350,000: the old one"),
    ("worked", "2016-12", 15, 400000, 310000, 300560,
     "400,000 x 1.065 = 426,000; x 0.70 = 298,200; + 0.2 x (310,000 - 298,200) = 300,560.00"),
    ("worked", "2017-03", 34, 437000, 455500, 428796,
     "437,000 x 1.065 x 1.055 = 491,002; "
     "x 0.85 = 417,352; + 0.3 x (455,500 - 417,352) = 428,796.40"),
    ("worked", "2018-06", 35, 520000, 640000, 587275,
     "520,000 x 1.065 x 1.055 x 1.05 = 613,472; "
     "x 0.90 = 552,125; + 0.4 x (640,000 - 552,125) = 587,275.00"),
    ("worked", "2019-07", 40, 480000, 500000, 535136,
     "480,000 x 1.065 x 1.055 x 1.05 x 1.05 = 594,596; "
     "x 0.90 = 535,136 > 500,000: the old one"),
    ("worked", "2020-01", 29, 505000, 560000, 546190,
     "505,000 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 = 656,843; "
     "x 0.80 = 525,474; + 0.6 x (560,000 - 525,474) = 546,189.60"),
    ("worked", "2021-11", 30, 498000, 590000, 585606,
     "498,000 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 = 676,886; "
     "x 0.85 = 575,353; + 0.7 x (590,000 - 575,353) = 585,605.90"),
    ("worked", "2022-02", 37, 455500, 650000, 635899,
     "455,500 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 x 1.04 = 643,885; "
     "x 0.90 = 579,496; + 0.8 x (650,000 - 579,496) = 635,899.20"),
    ("worked", "2023-08", 38, 533300, 760000, 754426,
     "533,300 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 x 1.04 x 1.038 = 782,508; "
     "x 0.90 = 704,257; + 0.9 x (760,000 - 704,257) = 754,425.70"),
    ("worked", "2024-09", 33, 510000, 540000, 655154,
     "510,000 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 x 1.04 x 1.038 x 1.03 = 770,769; "
     "x 0.85 = 655,154 > 540,000: the old one"),
    ("worked", "2024-09", 33, 510000, 760000, 760000,
     "510,000 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 x 1.04 x 1.038 x 1.03 = 770,769; "
     "x 0.85 = 655,154; + 1 x (760,000 - 655,154) = 760,000.00"),
    ("worked", "2024-10", 33, 510000, 540000, 540000,
     "510,000 x 1.065 x 1.055 x 1.05 x 1.05 x 1.05 x 1.045 x 1.04 x 1.038 x 1.03 = 770,769; "
     "x 0.85 = 655,154; no comparison: the new one"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rule", "given", "fen", "arithmetic"), AMOUNTS)
def test_amounts(kind, rule, given, fen, arithmetic):
    assert getattr(rules, rule)(*given) == fen, f"{kind}: {arithmetic}"


@pytest.mark.parametrize(("kind", "account", "age", "fen", "arithmetic"), ACCOUNTS)
def test_pensions_from_accounts(kind, account, age, fen, arithmetic):
    divisors = np.array(load().array("policies.employee_pension.divisors"))
    found = rules.account_pension(account, rules.divisor_at(age, divisors))
    assert found == fen, f"{kind}: {arithmetic}"


@pytest.mark.parametrize(("kind", "account", "fen", "arithmetic"), RESIDENTS)
def test_pensions_from_accounts_of_residents(kind, account, fen, arithmetic):
    assert rp.account_pension(account, rp.rules_of(load(), 2020).divisor) == fen, (kind, arithmetic)


@pytest.mark.parametrize(("kind", "class_", "own", "subsidy", "law"), CLASSES)
def test_contribution_classes_and_their_subsidy(kind, class_, own, subsidy, law):
    r = rp.rules_of(load(), 2015)
    assert (r.own[class_], r.matching[class_]) == (own, subsidy), (kind, law)


@pytest.mark.parametrize(("kind", "ends", "years", "pay", "new", "fen", "arithmetic"), PUBLIC)
def test_old_and_new_pensions_of_public_staff(kind, ends, years, pay, new, fen, arithmetic):
    year, month = map(int, ends.split("-"))
    r = ep.rules_of(load(), year + month // 12)  # the pension begins in the month after
    first = month % 12 + 1
    standard = round(pay * rules.standard_rise(load(), year))
    old = rules.old_pension(standard, rules.old_share(years, r.old_from, r.old_shares))
    due = rules.in_transition(new, old, r.old_guaranteed[first], r.excess[first])
    assert due == fen, f"{kind}: {arithmetic}"
