#include "support/amx_emulator.h"

#include "kernels/targets.h"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

namespace rwkv {
namespace {

// Facts: Intel 64 Architectures Software Developer's Manual, volume 2, "AMX instructions".
constexpr size_t kMaxRows = 16, kMaxRowBytes = 64;

struct Tile {
  size_t rows = 0, row_bytes = 0;
  uint8_t bytes[kMaxRows][kMaxRowBytes] = {};
};
thread_local std::array<Tile, 8> tiles;
std::atomic<size_t> n_products{0};

// LDTILECFG: palette, start row, 14 bytes reserved, 16 words of bytes a row, 16 bytes of rows.
void configure(const uint8_t* from) {
  tiles = {};
  for (size_t i = 0; i < tiles.size(); ++i) {
    uint16_t row_bytes;
    std::memcpy(&row_bytes, from + 16 + 2 * i, sizeof row_bytes);
    tiles[i].rows = std::min<size_t>(from[48 + i], kMaxRows);
    tiles[i].row_bytes = std::min<size_t>(row_bytes, kMaxRowBytes);
  }
}

// sum[m][n] += a[m][4k + i] * b[k][4n + i] over k and i, in 32 bits
template <class A, class B>
bool multiply(Tile& sum, const Tile& a, const Tile& b) {
  if (a.rows != sum.rows || b.row_bytes != sum.row_bytes || a.row_bytes != 4 * b.rows) return false;
  for (size_t m = 0; m < sum.rows; ++m) {
    for (size_t n = 0; n < sum.row_bytes / 4; ++n) {
      uint32_t total;
      std::memcpy(&total, &sum.bytes[m][4 * n], sizeof total);
      for (size_t j = 0; j < a.row_bytes; ++j) {
        const int32_t product = static_cast<A>(a.bytes[m][j]) * static_cast<B>(b.bytes[j / 4][4 * n + j % 4]);
        total += static_cast<uint32_t>(product);
      }
      std::memcpy(&sum.bytes[m][4 * n], &total, sizeof total);
    }
  }
  return true;
}

// An instruction with a three-byte VEX prefix of the map 0F38, as all of AMX's have.
class Instruction {
 public:
  explicit Instruction(const ucontext_t& context)
      : registers_(context.uc_mcontext.gregs),
        at_(reinterpret_cast<const uint8_t*>(registers_[REG_RIP])) {}  // NOLINT(performance-no-int-to-ptr)

  // False if it is none of AMX's.
  bool run() const {
    constexpr unsigned kMap0F38 = 2;
    if (at_[0] != 0xC4 || (at_[1] & 31) != kMap0F38) return false;
    switch (opcode()) {
      case 0x49:
        return set_up();
      case 0x4B:
        return move();
      case 0x5E:
        return in_register() && multiply_bytes();
      default:
        return false;
    }
  }

  greg_t next() const { return registers_[REG_RIP] + static_cast<greg_t>(n_bytes()); }

 private:
  enum Prefix : unsigned { kNone, k66, kF3, kF2 };

  uint8_t opcode() const { return at_[3]; }
  uint8_t modrm() const { return at_[4]; }
  unsigned prefix() const { return at_[2] & 3; }
  bool in_register() const { return modrm() >> 6 == 3; }
  Tile& reg() const { return tiles[modrm() >> 3 & 7]; }
  Tile& rm() const { return tiles[modrm() & 7]; }
  Tile& vvvv() const { return tiles[~(at_[2] >> 3) & 7]; }
  bool has_sib() const { return !in_register() && (modrm() & 7) == 4; }
  size_t displacement_bytes() const { return modrm() >> 6 == 1 ? 1 : modrm() >> 6 == 2 ? 4 : 0; }
  size_t n_bytes() const { return 5 + (has_sib() ? 1 : 0) + (in_register() ? 0 : displacement_bytes()); }

  // LDTILECFG, TILERELEASE, TILEZERO
  bool set_up() const {
    if (prefix() == kNone && !in_register()) {
      configure(reinterpret_cast<const uint8_t*>(address()));  // NOLINT(performance-no-int-to-ptr)
    } else if (prefix() == kNone) {
      tiles = {};
    } else if (prefix() == kF2 && in_register()) {
      std::memset(reg().bytes, 0, sizeof reg().bytes);
    } else {
      return false;
    }
    return true;
  }

  // TILELOADD, TILESTORED
  bool move() const {
    if (in_register() || !has_sib() || (prefix() != kF2 && prefix() != kF3)) return false;
    Tile& tile = reg();
    for (size_t row = 0; row < tile.rows; ++row) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      auto* memory = reinterpret_cast<uint8_t*>(address() + static_cast<greg_t>(row) * index());
      prefix() == kF2 ? std::memcpy(tile.bytes[row], memory, tile.row_bytes)
                      : std::memcpy(memory, tile.bytes[row], tile.row_bytes);
    }
    return true;
  }

  // TDPBUUD, TDPBUSD, TDPBSUD, TDPBSSD
  bool multiply_bytes() const {
    ++n_products;
    switch (prefix()) {
      case kNone:
        return multiply<uint8_t, uint8_t>(reg(), rm(), vvvv());
      case k66:
        return multiply<uint8_t, int8_t>(reg(), rm(), vvvv());
      case kF3:
        return multiply<int8_t, uint8_t>(reg(), rm(), vvvv());
      default:
        return multiply<int8_t, int8_t>(reg(), rm(), vvvv());
    }
  }

  greg_t value(unsigned number) const {
    constexpr int kNumbered[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return registers_[kNumbered[number]];
  }
  // Of VEX, all three inverted
  unsigned b() const { return (at_[1] >> 5 & 1) == 0 ? 8 : 0; }
  unsigned x() const { return (at_[1] >> 6 & 1) == 0 ? 8 : 0; }

  greg_t index() const {
    constexpr unsigned kNoIndex = 4;
    const unsigned number = (at_[5] >> 3 & 7) + x();
    return number == kNoIndex ? 0 : value(number) << (at_[5] >> 6);
  }

  // Without the index, which AMX takes for the stride.
  greg_t address() const {
    const unsigned base = has_sib() ? at_[5] & 7 : modrm() & 7, mode = modrm() >> 6;
    const uint8_t* after = at_ + (has_sib() ? 6 : 5);
    int32_t displacement = 0;
    if (mode == 1) displacement = static_cast<int8_t>(*after);
    if (mode == 2) std::memcpy(&displacement, after, sizeof displacement);
    return value(base + b()) + displacement;
  }

  const gregset_t& registers_;
  const uint8_t* at_;
};

void on_illegal_instruction(int signal, siginfo_t*, void* context) {
  auto& at = *static_cast<ucontext_t*>(context);
  const Instruction instruction(at);
  if (instruction.run()) {
    at.uc_mcontext.gregs[REG_RIP] = instruction.next();
  } else {
    ::signal(signal, SIG_DFL);  // it is met again, and ends the process
  }
}

}  // namespace

bool emulate_amx() {
  const auto names = supported_targets();
  const auto is_amx = [](const std::string& name) { return name.ends_with("_AMX"); };
  if (std::ranges::any_of(names, is_amx) || std::ranges::count(names, "AVX3_DL") == 0) return false;
  struct sigaction action = {};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  ::sigaction(SIGILL, &action, nullptr);
  assume_amx();
  return true;
}

size_t emulated_amx_products() { return n_products; }

}  // namespace rwkv
#else
namespace rwkv {
bool emulate_amx() { return false; }
size_t emulated_amx_products() { return 0; }
}  // namespace rwkv
#endif
