"""Puts the library into the wheel: RWKV_LIBRARY, or that of ../build, which CMake makes when it is not there."""
import os
import pathlib
import re
import shutil
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before version 70
    from wheel.bdist_wheel import bdist_wheel

PROJECT = pathlib.Path(__file__).resolve().parent.parent


def library():
    if "RWKV_LIBRARY" in os.environ:
        return os.environ["RWKV_LIBRARY"]
    built = PROJECT / "build" / "lib" / "librwkv.so"
    if not built.exists():
        build = PROJECT / "build"
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DRWKV_BUILD_TOOLS=OFF", "-DRWKV_BUILD_TESTS=OFF", "-DRWKV_BUILD_BENCH=OFF"]
        if not (build / "CMakeCache.txt").exists():
            subprocess.run(["cmake", "-G", "Ninja", "-S", PROJECT, "-B", build, *options], check=True)
        subprocess.run(["cmake", "--build", build, "--target", "rwkv_shared"], check=True)
    return built


class BuildWithLibrary(build_py):
    def run(self):
        super().run()
        target = pathlib.Path(self.build_lib) / "rwkv_toolkit"
        if not self.editable_mode:
            shutil.copy2(library(), target / "librwkv.so.0")


class WheelWithLibrary(bdist_wheel):
    """For every Python 3, and this platform only."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return ("py3", "none", super().get_tag()[2])


def version():
    lists = (PROJECT / "CMakeLists.txt").read_text()
    return re.search(r"project\(rwkv VERSION ([0-9.]+)", lists).group(1)


setup(version=version(), cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": WheelWithLibrary})
