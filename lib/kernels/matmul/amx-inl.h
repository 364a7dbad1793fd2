// q8, q6 and q4 weights in tiles times 16 rows of x at once, by AMX, whose registers (also called tiles) have
// 16 rows of 64 bytes. Integer sums are exact, so the bits are those of QuantisedKernel. Included once for
// each SIMD target.
#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(RWKV_KERNELS_AMX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_AMX_INL_H_
#undef RWKV_KERNELS_AMX_INL_H_
#else
#define RWKV_KERNELS_AMX_INL_H_
#endif

#include "kernels/matmul/quantised_tiles-inl.h"

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kAmxRows = 16;

// Configures AMX on this thread: registers 0 and 1 hold the sums of 16 rows and 16 outputs; 2 and 3 the codes
// of 16 rows for a block of 32 inputs; 4 and 5 the block's weights, 4 inputs of 16 outputs a row.
class AmxRegisters {
 public:
  AmxRegisters() {
    Shapes shapes;
    for (size_t i = 0; i < 2; ++i) {
      shapes.Set(0 + i, kAmxRows, kTileOutputs * sizeof(int32_t));
      shapes.Set(2 + i, kAmxRows, kQuantBlock);
      shapes.Set(4 + i, kGroups, kGroupBytes);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
  }
  // Without this, every thread switch would save the registers.
  ~AmxRegisters() { __asm__ volatile("tilerelease"); }
  AmxRegisters(const AmxRegisters&) = delete;
  AmxRegisters& operator=(const AmxRegisters&) = delete;

 private:
  // The operand of LDTILECFG.
  struct Shapes {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
    void Set(size_t i, size_t n_rows, size_t n_bytes) {
      rows[i] = static_cast<uint8_t>(n_rows);
      row_bytes[i] = static_cast<uint16_t>(n_bytes);
    }
  };
  static_assert(sizeof(Shapes) == 64);
};

using AmxSums = int32_t[kAmxRows][kTileOutputs];

// sums = products of a block (codes of x are signed, those of w unsigned), by registers I, 2 + I and 4 + I.
// x: 16 rows, `x_stride` bytes apart; w: kGroups times kGroupBytes.
template <int I>
HWY_INLINE void AmxBlock(const void* x, size_t x_stride, const uint8_t* w, AmxSums& sums) {
  // Assembly: intrinsics need a function with an attribute of its own, and no function from here can be
  // inlined into such a function.
  __asm__ volatile(
      "tilezero %%tmm%c[sum]\n\t"
      "tileloadd (%[x], %[x_stride]), %%tmm%c[xs]\n\t"
      "tileloadd (%[w], %[w_stride]), %%tmm%c[ws]\n\t"
      "tdpbsud %%tmm%c[ws], %%tmm%c[xs], %%tmm%c[sum]\n\t"
      "tilestored %%tmm%c[sum], (%[sums], %[w_stride])"
      :
      : [sum] "i"(I), [xs] "i"(2 + I), [ws] "i"(4 + I), [x] "r"(x), [x_stride] "r"(x_stride), [w] "r"(w),
        [w_stride] "r"(kGroupBytes), [sums] "r"(sums)
      : "memory");
  static_assert(kGroupBytes == kTileOutputs * sizeof(int32_t), "the stride of sums too");
}

// As QuantisedKernel, which handles the remaining fewer than 16 rows.
template <class Unit>
struct AmxKernel {
  using Plain = QuantisedKernel<Vnni, Unit>;
  static constexpr size_t kRows = kAmxRows, kTiles = 1;
  static constexpr size_t kInputs = Plain::kInputs;
  static constexpr size_t kStepInputs = Plain::kStepInputs, kStepBytes = Plain::kStepBytes;

  Plain plain;

  AmxKernel From(size_t row) const { return {plain.From(row)}; }

  template <size_t N, size_t T>
  HWY_INLINE void Multiply(const Tiles& tiles, const Block& block, size_t row, const Ahead& ahead) const {
    if constexpr (N == kAmxRows) {
      MultiplyRows(tiles, block, row, ahead);
    } else {
      plain.template Multiply<N, T>(tiles, block, row, ahead);
    }
  }

 private:
  // The sums of the two blocks of a unit.
  struct UnitSums {
    alignas(64) AmxSums of_block[2];
  };

  HWY_NOINLINE void MultiplyRows(const Tiles& tiles, const Block& block, size_t row,
                                 const Ahead& ahead) const {
    const XBlock<Vnni>* x = plain.x + row * plain.x_stride + block.input / kQuantBlock;
    const size_t n_units = hwy::DivCeil(block.n_inputs, kTileUnit);
    TileSums<kAmxRows, 1> sums;
    LoadSums<kAmxRows, 1>(block, sums);
    // The products of one unit are computed while those of the unit before are added.
    UnitSums products[2];
    Start(tiles.first, x, products[0]);
    for (size_t u = 1; u < n_units; ++u) {
      Fetch<1>(ahead, u - 1);
      Start(tiles.first + u * kStepBytes, x + 2 * u, products[u % 2]);
      Add(tiles.first + (u - 1) * kStepBytes, x + 2 * (u - 1), products[(u - 1) % 2], sums);
    }
    Fetch<1>(ahead, n_units - 1);
    Add(tiles.first + (n_units - 1) * kStepBytes, x + 2 * (n_units - 1), products[(n_units - 1) % 2], sums);
    StoreSums<kAmxRows, 1>(sums, block);
  }

  HWY_INLINE void Start(const uint8_t* unit, const XBlock<Vnni>* x, UnitSums& products) const {
    alignas(64) uint8_t codes[2][kGroups * kGroupBytes];
    const size_t x_stride = plain.x_stride * sizeof *x;
    AmxBlock<0>(x[0].codes.all, x_stride, Codes(unit, 0, codes[0]), products.of_block[0]);
    AmxBlock<1>(x[1].codes.all, x_stride, Codes(unit, 1, codes[1]), products.of_block[1]);
  }

  // The codes of a block: where they lie, or unpacked into `spare`.
  static HWY_INLINE const uint8_t* Codes(const uint8_t* unit, size_t block, uint8_t* spare) {
    if constexpr (std::is_same_v<Unit, Q8Unit>) {
      return unit + block * kGroups * kGroupBytes;
    } else {
      for (size_t g = 0; g < kGroups; ++g)
        hn::Store(Unit::Codes(unit, block, g, 0), DI(), reinterpret_cast<int32_t*>(spare + g * kGroupBytes));
      return spare;
    }
  }

  HWY_INLINE void Add(const uint8_t* unit, const XBlock<Vnni>* x, const UnitSums& products,
                      TileSums<kAmxRows, 1>& sums) const {
    for (size_t b = 0; b < 2; ++b) {
      const VF w_scale = LoadScales<Unit>(unit, b, 0);
      RWKV_UNROLL
      for (size_t t = 0; t < kAmxRows; ++t) {
        const XBlock<Vnni>& of_row = x[t * plain.x_stride + b];
        const VI sum = hn::Add(hn::Load(DI(), products.of_block[b][t]), hn::Set(DI(), of_row.start));
        AddScaled(sum, w_scale, of_row.scale, sums[t][0][0]);
      }
    }
  }
};

// Configures AMX around everything that Rows multiplies.
template <class Rows>
struct ByAmx : Rows {
  static void Multiply(const MatmulJob& job, const XBlock<Vnni>* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const AmxRegisters registers;
    Rows::Multiply(job, x, begin, end, scratch);
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL

#endif  // RWKV_KERNELS_AMX_INL_H_
