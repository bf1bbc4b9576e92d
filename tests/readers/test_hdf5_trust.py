"""HDF5 of strangers: nothing outside of the file is read, nothing too large is loaded.

All spectra here are synthetic.
"""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import read
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.writers import write

N = 200


@pytest.fixture
def spectrum():
    x = np.linspace(158.0, 170.0, N)
    counts = np.random.default_rng(1).poisson(500, N).astype(float)
    meta = Meta(sample="synthetic", region="S 2p", dwell_s=0.1, scans=4)
    return make_spectrum(
        x, counts / 0.4, Axis.BINDING_ENERGY, counts=counts, columns={"bg": x}, meta=meta
    )


@pytest.fixture(params=[".h5", ".nxs"])
def own(request, tmp_path, spectrum):
    """Return a file of ours and the path of its intensities."""
    path = tmp_path / f"own{request.param}"
    write(path, [spectrum, spectrum])
    place = "stack_0/y" if request.param == ".h5" else "synthetic_S_2p/data/data"
    return path, place


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(float(N))
    raw = tmp_path / "secret.bin"
    raw.write_bytes(np.arange(2.0 * N).tobytes())
    return path, raw


@pytest.fixture(autouse=True)
def unsealed_file(monkeypatch):
    """Let these tests reach what stands behind the checksum of the whole file."""
    monkeypatch.setattr("spectra_core.readers.hdf5_files.has_changed", lambda path: False)
    monkeypatch.setattr("spectra_core.readers.hdf5.has_changed", lambda path: False)


def unseal(file):
    """Take the checksums out, as in files of earlier versions."""
    for group in file.values():
        group.attrs.pop("checksum", None)
        if "doublet/checksum" in group:
            del group["doublet/checksum"]


def replaced(own, make):
    path, place = own
    with h5py.File(path, "a") as file:
        unseal(file)
        group, name = file[place].parent, place.rsplit("/", 1)[1]
        shape, units = file[place].shape, dict(file[place].attrs)
        del group[name]
        made = make(group, name, shape)
        if made is not None:
            made.attrs.update(units)
    return path


@pytest.mark.parametrize("kind", ["link", "link in a soft link", "storage", "virtual"])
def test_numbers_of_other_files_are_not_read(own, secret, kind):
    other, raw = secret

    def make(group, name, shape):
        if kind == "link":
            group[name] = h5py.ExternalLink(str(other), "/numbers")
        elif kind == "link in a soft link":
            group["hidden"] = h5py.ExternalLink(str(other), "/")
            group[name] = h5py.SoftLink(f"{group.name}/hidden/numbers")
        elif kind == "storage":
            size = int(np.prod(shape)) * 8
            return group.create_dataset(name, shape, "f8", external=[(str(raw), 0, size)])
        else:
            source = h5py.VirtualSource(str(other), "numbers", (N,))
            layout = h5py.VirtualLayout(shape, "f8")
            for row in range(shape[0]) if len(shape) == 2 else [slice(None)]:
                layout[row] = source
            return group.create_virtual_dataset(name, layout)
        return None

    with pytest.raises(ReadError, match=r"another file|other files"):
        read(replaced(own, make))


def test_an_array_that_claims_more_than_the_file_holds_is_not_loaded(own):
    def make(group, name, shape):
        return group.create_dataset(name, (10**5, 10**6), "f8", chunks=(1, 1000))

    with pytest.raises(ReadError, match=r"claims 745 GiB|has the shape \(100000, 1000000\)"):
        read(replaced(own, make))


def test_a_claim_of_the_right_shape_is_not_loaded_either(tmp_path):
    path = tmp_path / "huge.nxs"
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs.update({"NX_class": "NXdata", "signal": "data", "axes": ["energy"]})
        for name in ("energy", "data"):
            data.create_dataset(name, (10**11,), "f8", chunks=(1000,))
        data["energy"].attrs.update({"units": "eV", "type": "binding"})
    with pytest.raises(ReadError, match=r"claims 745 GiB, but the file holds 0 MiB"):
        read(path)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda shape: np.ones(shape, complex), "no real numbers"),
        (lambda shape: np.full(shape, b"x"), "no real numbers"),
        (lambda shape: np.ones((*shape[:-1], N + 3)), "surplus or missing"),
        (lambda shape: np.ones((3, *shape[1:])), "surplus or missing"),
    ],
)
def test_arrays_of_another_kind_or_shape_are_refused(own, values, words):
    with pytest.raises(ReadError, match=words):
        read(
            replaced(own, lambda group, name, shape: group.create_dataset(name, data=values(shape)))
        )


@pytest.mark.parametrize("name", ["y", "counts"])
def test_a_changed_number_is_found_by_its_checksum(own, name):
    path, place = own
    with h5py.File(path, "a") as file:
        target = file[place] if name == "y" else counts_of(file, place)
        target[..., 7] *= 1 + 1e-12
    with pytest.raises(ReadError, match="checksum"):
        read(path)


def counts_of(file, place):
    entry = file[place.split("/")[0]]
    return entry.get("counts", entry.get("instrument/electronanalyzer/detector/raw_data/raw"))


def test_a_file_of_an_earlier_version_is_read_if_counts_and_intensity_agree(own, spectrum):
    path, place = own
    with h5py.File(path, "a") as file:
        unseal(file)
    assert len(read(path)) == 2
    with h5py.File(path, "a") as file:
        file[place][..., 7] += 1000.0
    with pytest.raises(ReadError, match=r"the counts are .*means"):
        read(path)


def test_negative_counts_of_an_earlier_version_are_left_out_with_a_note(own):
    path, place = own
    with h5py.File(path, "a") as file:
        unseal(file)
        counts_of(file, place)[..., 7] = -5.0
        file[place][..., 7] = -5.0 / 0.4
    kept = read(path)[0]
    assert kept.counts is None
    assert "negative" in kept.meta.extra["counts_note"]


def test_a_missing_stack_is_noticed(tmp_path, spectrum):
    path = tmp_path / "a.h5"
    other = make_spectrum([1.0, 2.0], [3.0, 4.0], Axis.RAMAN_SHIFT)
    write(path, [spectrum, other])
    with h5py.File(path, "a") as file:
        del file["stack_1"]
    with pytest.raises(PartialRead, match="announces 2 spectra but holds 1"):
        read(path)


@pytest.mark.parametrize("suffix", [".csv", ".h5", ".nxs"])
def test_no_flipped_byte_changes_a_number_in_silence(tmp_path, spectrum, suffix):
    """A flip is an error, or changes nothing of what is read."""
    path = tmp_path / f"a{suffix}"
    write(path, [spectrum, spectrum])
    whole, original = path.read_bytes(), read(path)
    rng = np.random.default_rng(7)
    for place in rng.integers(0, len(whole), 120):
        mutated = bytearray(whole)
        mutated[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(mutated))
        try:
            found = read(path)
        except ReadError as error:
            found = list(getattr(error, "spectra", ()))
        else:
            assert len(found) == len(original), place
        for a, b in zip(found, original, strict=False):
            np.testing.assert_array_equal(a.y, b.y)
            np.testing.assert_array_equal(a.x_recorded, b.x_recorded)
            assert a.meta.dwell_s == b.meta.dwell_s, place


@pytest.mark.parametrize("suffix", [".h5", ".nxs"])
def test_a_changed_file_is_refused_before_hdf5_opens_it(tmp_path, spectrum, suffix, monkeypatch):
    monkeypatch.undo()
    path = tmp_path / f"a{suffix}"
    write(path, [spectrum])
    with h5py.File(path) as file:  # what follows its end does not disturb HDF5
        assert len(file) == 1
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    monkeypatch.setattr(h5py, "File", None)
    with pytest.raises(ReadError, match="checksum at its end"):
        read(path)
