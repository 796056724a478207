from app.commands.reports import _findings, _scores

NUMBERS = {"psnr": 30.04, "psnr_fit": 31.0, "ssim": 0.9, "nrmse": 0.031}


def test_an_evaluation_is_a_table_with_every_simple_filter_under_the_model():
    pair = {"name": "cell.tif", **NUMBERS, "baselines": {"gaussian": {**NUMBERS, "ssim": float("nan")}}}
    rows = list(_scores({"pairs": [pair], "mean": {**NUMBERS, "baselines": {}}}))
    assert rows[1].split() == ["cell.tif", "this", "model", "30", "31", "0.9", "0.031"]
    assert rows[2].split() == ["gaussian", "30", "31", "-", "0.031"]
    assert rows[3].startswith("mean")


def test_a_check_of_the_computer_is_one_line_per_check():
    checks = [
        {"name": "Restore", "passed": True, "detail": "2 MP/s"},
        {"name": "Write", "passed": False, "detail": "the disk is full"},
    ]
    rows = list(_findings({"device": "CPU", "checks": checks, "failed": 1}))
    assert [row.split()[0] for row in rows] == ["device", "passed", "FAILED"]
    assert rows[-1].endswith("Write: the disk is full")
