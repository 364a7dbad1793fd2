# Untested: written where no Nix was at hand. In a checkout: cp packaging/flake.nix . && nix build
{
  description = "RWKV language models on a CPU";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
    in {
      packages = each (pkgs: {
        default = pkgs.stdenv.mkDerivation {
          pname = "rwkv-toolkit";
          version = "0.1.0";
          src = self;
          nativeBuildInputs = [ pkgs.cmake pkgs.ninja pkgs.pkg-config ];
          buildInputs = [ pkgs.boost pkgs.libhwy pkgs.openssl pkgs.utf8proc pkgs.pcre2 pkgs.libedit ];
          cmakeFlags = [ "-DRWKV_BUILD_TESTS=OFF" "-DRWKV_BUILD_BENCH=OFF" ];
        };
      });
    };
}
