def test_a_dataset_comes_from_a_file_and_goes_back(cli, tmp_path):
    file = tmp_path / "capitals.csv"
    file.write_text("input,expected\nCapital of France?,Paris\n")

    imported = cli("dataset", "import", "Capitals", str(file), "--json")
    again = cli("dataset", "import", "Capitals", str(file))
    exported = cli("dataset", "export", "Capitals", "--format", "jsonl")
    listed = cli("dataset", "list", "--json")

    assert imported.code == 0
    assert {name: imported.json[name] for name in ("name", "version", "items", "new_items")} == {
        "name": "Capitals",
        "version": 1,
        "items": 1,
        "new_items": True,
    }
    assert "nothing changed" in again.out
    assert exported.lines == [{"input": "Capital of France?", "expected": "Paris"}]
    assert [row["name"] for row in listed.json] == ["Capitals"]


def test_a_bad_file_says_which_line(cli, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"input": "x"}\n[]\n')

    refused = cli("dataset", "import", "Bad", str(file))

    assert refused.code == 2
    assert "Line 2" in refused.err
    assert cli("dataset", "export", "Bad").code == 2
