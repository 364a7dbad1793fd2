#include "kernels/probe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>

#include "core/huge_pages.h"
#include "core/stopwatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/probe.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/matmul/bf16_products-inl.h"
#include "kernels/matmul/byte_products-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

// Independent sums: more than latency times throughput of a multiply-add on any target.
constexpr size_t kChains = 12;

// Each returns a value that depends on all the work, so that the compiler cannot drop any of it.
float ReadAll(std::span<const std::byte> bytes) {
  const DF d;
  constexpr size_t kStep = kChains * kVec16Lanes * sizeof(float), kAhead = 4096, kCacheLineBytes = 64;
  VF sums[kChains][kParts];
  for (auto& chain : sums) {
    for (auto& part : chain) part = hn::Zero(d);
  }
  for (size_t i = 0; i + kStep <= bytes.size(); i += kStep) {
    const auto* p = reinterpret_cast<const float*>(bytes.data() + i);
    for (size_t c = 0; c < kChains; ++c) {
      hwy::Prefetch(bytes.data() + i + c * kCacheLineBytes + kAhead);
      for (size_t part = 0; part < kParts; ++part) {
        sums[c][part] = hn::Or(sums[c][part], hn::LoadU(d, p + c * kVec16Lanes + part * kLanes));
      }
    }
  }
  float total = 0;
  for (auto& chain : sums) total += SumVec16(chain);
  return total;
}

float MultiplyAddFloats(size_t rounds) {
  const DF d;
  VF sums[kChains];
  for (size_t c = 0; c < kChains; ++c) sums[c] = hn::Set(d, static_cast<float>(c));
  const VF factor = hn::Set(d, 0.5f), term = hn::Set(d, 1.0f);
  for (size_t i = 0; i < rounds; ++i) {
    for (auto& sum : sums) sum = hn::MulAdd(sum, factor, term);
  }
  VF total = hn::Zero(d);
  for (const auto& sum : sums) total = hn::Add(total, sum);
  return hn::GetLane(total);
}

template <class Products>
float MultiplyAddPairs(size_t rounds) {
  constexpr uint32_t kHalf = 0x3F00;  // 0.5 in bf16
  const auto both = hn::Set(DU32(), kHalf << 16 | kHalf);
  const auto pair = Products::Pair(kHalf, kHalf);
  VF sums[kChains];
  for (size_t c = 0; c < kChains; ++c) sums[c] = hn::Set(DF(), static_cast<float>(c));
  for (size_t i = 0; i < rounds; ++i) {
    for (size_t half = 0; half < Products::kHalves; ++half) {
      const auto w = Products::Weights(both, half);
      const auto x = Products::X(pair, half);
      for (auto& sum : sums) sum = Products::Add(w, x, sum);
    }
  }
  VF total = hn::Zero(DF());
  for (const auto& sum : sums) total = hn::Add(total, sum);
  return hn::GetLane(total);
}

float MultiplyAddBf16(size_t rounds) {
  return WithBf16Products([&](auto products) { return MultiplyAddPairs<decltype(products)>(rounds); });
}

// Groups of w, in registers, times groups of x. Operands must vary from sum to sum and from round to round,
// or the compiler moves the product out of the loop.
template <class Products>
struct ByteProbe {
  using WGroup = typename Products::WGroup;
  static constexpr size_t kX = 4, kW = sizeof(WGroup) == sizeof(VI) ? kChains / kX : 2, kSteps = 4;
  static constexpr size_t kOperations = kW * kX * kLanes * 4 * 2;  // of a round

  static float Run(size_t rounds) {
    constexpr size_t kCodes = 2 * kSteps * kX * 4;
    typename Products::template XCodes<kCodes> x;
    int8_t spare[kCodes];
    int8_t* codes = x.Staging(spare);
    std::iota(codes, codes + kCodes, int8_t{-64});
    x.Take(codes);
    const DI d;
    WGroup w[kW];
    for (size_t n = 0; n < kW; ++n)
      w[n] = Products::SplitWeights(hn::Set(d, 0x04030201 * static_cast<int32_t>(n + 1)));
    VI sums[kX * kW];
    for (auto& sum : sums) sum = hn::Zero(d);
    for (size_t i = 0; i < rounds / kSteps; ++i) {
      for (size_t step = 0; step < kSteps; ++step) {
        const size_t g = (i % 2 * kSteps + step) * kX;
        for (size_t c = 0; c < kX * kW; ++c)
          sums[c] = Products::AddProducts(w[c % kW], x, g + c / kW, sums[c]);
      }
    }
    VI total = hn::Zero(d);
    for (const auto& sum : sums) total = hn::Add(total, sum);
    return static_cast<float>(hn::GetLane(total));
  }
};

float MultiplyAddBytes(size_t rounds) {
  return WithByteProducts([&](auto products) { return ByteProbe<decltype(products)>::Run(rounds); });
}
size_t OperationsPerByteRound() {
  return WithByteProducts([](auto products) { return ByteProbe<decltype(products)>::kOperations; });
}

size_t OperationsPerFloatRound() { return kChains * kLanes * 2; }
size_t OperationsPerBf16Round() { return 2 * OperationsPerFloatRound(); }

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(ReadAll);
HWY_EXPORT(MultiplyAddFloats);
HWY_EXPORT(MultiplyAddBf16);
HWY_EXPORT(MultiplyAddBytes);
HWY_EXPORT(OperationsPerFloatRound);
HWY_EXPORT(OperationsPerBf16Round);
HWY_EXPORT(OperationsPerByteRound);

namespace {

constexpr size_t kRepetitions = 5;
constexpr size_t kRounds = 1 << 20;  // a few milliseconds

// Units of work a second: `work(thread)` on every thread does `units` of them altogether.
template <class Work>
double median_rate(ThreadPool& pool, double units, Work&& work) {
  std::array<double, kRepetitions> rates;
  for (double& rate : rates) {
    const Stopwatch watch;
    pool.run(work);
    rate = units / watch.seconds();
  }
  std::ranges::sort(rates);
  return rates[kRepetitions / 2];
}

double measure_read(ThreadPool& pool) {
  constexpr size_t kBytes = size_t{1} << 30;  // beyond any cache
  const HugePages memory(kBytes);
  const size_t share = kBytes / pool.size() / 64 * 64;
  const auto part = [&](size_t thread) { return memory.bytes().subspan(thread * share, share); };
  pool.run([&](size_t thread) { std::ranges::fill(part(thread), std::byte{1}); });
  return median_rate(pool, static_cast<double>(share * pool.size()), [&](size_t thread) {
    volatile float keep = HWY_DYNAMIC_DISPATCH(ReadAll)(part(thread));
    static_cast<void>(keep);
  });
}

// Billions of operations a second, on all threads.
template <class Run>
double measure_products(ThreadPool& pool, size_t operations_a_round, Run&& run) {
  const auto operations = static_cast<double>(kRounds * pool.size() * operations_a_round);
  auto work = [&](size_t) {
    volatile float keep = run(kRounds);
    static_cast<void>(keep);
  };
  return median_rate(pool, operations, work) / 1e9;
}

}  // namespace

MachineLimits measure_limits(ThreadPool& pool) {
  return {
      .threads = pool.size(),
      .read_gb_per_s = measure_read(pool) / 1e9,
      .f32_gflop_per_s =
          measure_products(pool, HWY_DYNAMIC_DISPATCH(OperationsPerFloatRound)(),
                           [](size_t n) { return HWY_DYNAMIC_DISPATCH(MultiplyAddFloats)(n); }),
      .bf16_gflop_per_s = measure_products(pool, HWY_DYNAMIC_DISPATCH(OperationsPerBf16Round)(),
                                           [](size_t n) { return HWY_DYNAMIC_DISPATCH(MultiplyAddBf16)(n); }),
      .int8_gop_per_s = measure_products(pool, HWY_DYNAMIC_DISPATCH(OperationsPerByteRound)(),
                                         [](size_t n) { return HWY_DYNAMIC_DISPATCH(MultiplyAddBytes)(n); })};
}

}  // namespace rwkv
#endif  // HWY_ONCE
