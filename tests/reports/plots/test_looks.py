from transferbench.reports.plots.looks import INK, looks, shortened


def test_no_two_of_25_recipes_look_alike() -> None:
    recipes = [f"r{i}" for i in range(25)]

    found = looks(recipes, "r3")

    assert len(set(found.values())) == 25
    assert found["r3"].colour == INK
    assert [recipe for recipe, look in found.items() if look.colour == INK] == ["r3"]


def test_a_recipe_named_twice_has_one_look() -> None:
    assert looks(["a", "b", "a", "c"], "a") == looks(["a", "b", "c"], "a")


def test_a_long_name_is_cut_in_its_middle() -> None:
    assert shortened("resnet50_d_mixup", 16) == "resnet50_d_mixup"
    assert shortened("resnet50_d_mixup", 9) == "resn\u2026ixup"
    assert len(shortened("resnet50_d_mixup", 10)) == 10
