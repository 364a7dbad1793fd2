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

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(ReadAll);
HWY_EXPORT(MultiplyAddFloats);
HWY_EXPORT(MultiplyAddBytes);
HWY_EXPORT(OperationsPerFloatRound);
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

}  // namespace

MachineLimits measure_limits(ThreadPool& pool) {
  const auto rounds = static_cast<double>(kRounds * pool.size());
  const double float_ops = rounds * static_cast<double>(HWY_DYNAMIC_DISPATCH(OperationsPerFloatRound)());
  const double byte_ops = rounds * static_cast<double>(HWY_DYNAMIC_DISPATCH(OperationsPerByteRound)());
  MachineLimits limits{.threads = pool.size()};
  limits.read_gb_per_s = measure_read(pool) / 1e9;
  limits.f32_gflop_per_s = median_rate(pool, float_ops,
                                       [](size_t) {
                                         volatile float keep =
                                             HWY_DYNAMIC_DISPATCH(MultiplyAddFloats)(kRounds);
                                         static_cast<void>(keep);
                                       }) /
                           1e9;
  limits.int8_gop_per_s = median_rate(pool, byte_ops,
                                      [](size_t) {
                                        volatile float keep = HWY_DYNAMIC_DISPATCH(MultiplyAddBytes)(kRounds);
                                        static_cast<void>(keep);
                                      }) /
                          1e9;
  return limits;
}

}  // namespace rwkv
#endif  // HWY_ONCE
