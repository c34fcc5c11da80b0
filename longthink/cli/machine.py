"""The command that says what there is to compute with: info."""

from longthink.cli._app import app


@app.command
def info() -> None:
    """What nets would be trained and tested on here: processor, instructions, threads, memory, GPUs."""
    import os

    import torch

    from longthink import __version__
    from longthink.base.memory import free_memory
    from longthink.base.processor import CAP, has_half_speed_avx512, processor
    from longthink.thinking.precision import has_bfloat16

    print(f"longthink {__version__}, torch {torch.__version__}")
    print(f"processor: {processor().get('model name', 'not known')}, {os.cpu_count()} cores")
    print(f"threads of a process: {torch.get_num_threads()}")
    widest = torch.backends.cpu.get_cpu_capability()
    capped = f"; convolutions: {os.environ[CAP]} at most ({CAP})" if CAP in os.environ else ""
    print(f"instructions: {widest}{capped}")
    if has_half_speed_avx512():
        print("train: nets whose width is no multiple of 16 use AVX2, which is faster for them on this processor")
    print(f"test --precision auto: {'bf16, where answers agree' if has_bfloat16() else 'fp32'}")
    free = free_memory()
    print(f"free memory: {'not known' if free is None else f'{free / 1e9:.1f} GB'}")
    for number in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(number)
        print(f"GPU {number}: {gpu.name}, {gpu.total_memory / 1e9:.0f} GB")
    if torch.cuda.device_count() == 0:
        print("GPUs: none that this torch can use")
