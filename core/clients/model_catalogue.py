"""The models that are offered for download. All of them call tools.

Repositories, commits, sizes and checksums are those of the hub's own records, quoted alike by at least eight public
projects each (November 2026). The memory is the file plus cache and buffers of llama.cpp at 8,192 tokens, estimated.
"""

from typing import Final

from core.domain.local_model import CatalogueModel

CATALOGUE: Final = (
    CatalogueModel(
        file="Qwen3-1.7B-Q8_0.gguf",
        title="Qwen3 1.7B",
        repository="Qwen/Qwen3-1.7B-GGUF",
        revision="90862c4b9d2787eaed51d12237eafdfe7c5f6077",
        size_bytes=1_834_426_016,
        sha256="061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a",
        licence="Apache-2.0",
        memory_bytes=3_000_000_000,
        for_whom="For a first try on an ordinary laptop: small, thinks before it answers, and calls tools.",
    ),
    CatalogueModel(
        file="Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
        title="Qwen3 4B Instruct 2507",
        repository="bartowski/Qwen_Qwen3-4B-Instruct-2507-GGUF",
        revision="ae44f08e1392f39c0e474af10c3ff8355c8b6688",
        size_bytes=2_497_280_736,
        sha256="2fde00ce69dd4899c70d020845e2638353015bba0fdf161b3eb965f2bca4464e",
        licence="Apache-2.0",
        memory_bytes=4_000_000_000,
        for_whom="For machines with 8 GB or more: the best with tools in this list, answers without thinking aloud.",
    ),
    CatalogueModel(
        file="Qwen3.5-2B-Q4_K_M.gguf",
        title="Qwen3.5 2B",
        repository="unsloth/Qwen3.5-2B-GGUF",
        revision="f6d5376be1edb4d416d56da11e5397a961aca8ae",
        size_bytes=1_280_835_840,
        sha256="aaf42c8b7c3cab2bf3d69c355048d4a0ee9973d48f16c731c0520ee914699223",
        licence="Apache-2.0",
        memory_bytes=2_000_000_000,
        for_whom="For the shorter download: the newest of this list, at home in many languages.",
    ),
    CatalogueModel(
        file="Qwen3-0.6B-Q8_0.gguf",
        title="Qwen3 0.6B",
        repository="Qwen/Qwen3-0.6B-GGUF",
        revision="23749fefcc72300e3a2ad315e1317431b06b590a",
        size_bytes=639_446_688,
        sha256="9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031",
        licence="Apache-2.0",
        memory_bytes=1_600_000_000,
        for_whom="For old or small machines: quick, and often wrong.",
    ),
)
