// Matrix products at the shapes of real models, beside this machine's own read bandwidth.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "common/tool.h"
#include "core/available_threads.h"
#include "core/thread_pool.h"
#include "kernels/matmul/matmul.h"
#include "tensor/packed_layout.h"

namespace rwkv {
namespace {

// Larger than any last-level cache, so that weights come from memory as they do when a real model decodes.
constexpr size_t kArenaBytes = size_t{1} << 30;
constexpr size_t kHugePageBytes = size_t{2} << 20;

// Memory in huge pages where the system grants them. Holds bf16, f16 and f32 numbers of ordinary size alike.
std::span<const std::byte> arena() {
  static const std::span<const std::byte> bytes = [] {
    void* memory = std::aligned_alloc(kHugePageBytes, kArenaBytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, kArenaBytes, MADV_HUGEPAGE);
    std::memset(memory, 0x3C, kArenaBytes);
    return std::span(static_cast<const std::byte*>(memory), kArenaBytes);
  }();
  return bytes;
}

uint64_t sum_of_words(std::span<const std::byte> bytes) {
  constexpr size_t kWords = 16;
  uint64_t sums[kWords] = {};
  for (size_t i = 0; i + sizeof sums <= bytes.size(); i += sizeof sums) {
    uint64_t words[kWords];
    std::memcpy(words, bytes.data() + i, sizeof words);
    for (size_t k = 0; k < kWords; ++k) sums[k] += words[k];
  }
  uint64_t sum = 0;
  for (const uint64_t s : sums) sum += s;
  return sum;
}

// The limit: every byte of the arena is read once and added up.
void bm_read(benchmark::State& state) {
  ThreadPool pool(static_cast<size_t>(state.range(0)));
  const auto bytes = arena();
  for (auto _ : state) {
    pool.for_ranges(bytes.size(), kHugePageBytes, [&](size_t begin, size_t end) {
      benchmark::DoNotOptimize(sum_of_words(bytes.subspan(begin, end - begin)));
    });
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

// `batch` rows times a matrix, each time the next one in the arena. bytes_per_second counts weights,
// items_per_second multiplications with their additions, twice.
void bm_matmul(benchmark::State& state, DType dtype, Layout layout) {
  const auto rows = static_cast<size_t>(state.range(0)), cols = static_cast<size_t>(state.range(1));
  const auto batch = static_cast<size_t>(state.range(2));
  ThreadPool pool(static_cast<size_t>(state.range(3)));
  const size_t matrix_bytes = packed_byte_size(dtype, layout, rows, cols);
  const std::vector<float> x(batch * cols, 0.5f);
  std::vector<float> y(batch * rows);

  size_t at = 0;
  for (auto _ : state) {
    if (at + matrix_bytes > kArenaBytes) at = 0;
    const Matrix w = {dtype, layout, rows, cols, arena().subspan(at, matrix_bytes)};
    const MatmulJob job(&w, MatSpan<const float>(x.data(), batch, cols), {y.data(), batch, rows});
    matmul(std::span(&job, 1), pool);
    benchmark::DoNotOptimize(y.data());
    at += matrix_bytes;
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(matrix_bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(2 * rows * cols * batch));
}

std::vector<int64_t> thread_counts() {
  std::vector<int64_t> counts = {1};
  if (const auto all = static_cast<int64_t>(available_threads()); all > 1) counts.push_back(all);
  return counts;
}

void add_threads(benchmark::internal::Benchmark* bench) {
  bench->ArgName("threads")->UseRealTime();
  for (const int64_t threads : thread_counts()) bench->Arg(threads);
}

// Square, channel mix up and down, and head, of the 0.4B and 1.5B models; decoding one sequence, a batch,
// prefill.
void add_shapes(benchmark::internal::Benchmark* bench) {
  constexpr int64_t kVocab = 65536;
  bench->ArgNames({"rows", "cols", "batch", "threads"})->UseRealTime();
  for (const int64_t threads : thread_counts()) {
    for (const int64_t batch : {1, 16, 96}) {
      for (const int64_t width : {1024, 2048}) {
        bench->Args({width, width, batch, threads})->Args({4 * width, width, batch, threads});
        bench->Args({width, 4 * width, batch, threads});
      }
    }
    bench->Args({kVocab, 1024, 1, threads});
  }
}

BENCHMARK(bm_read)->Apply(add_threads);

// Every form that is multiplied, as "bm_matmul/q8_tiles".
void register_products() {
  for (const DTypeInfo& info : kDTypes) {
    for (const Layout layout : {Layout::kOutIn, Layout::kTiles, Layout::kLines}) {
      if (!info.has_products || (is_quantised(info.dtype) && layout == Layout::kOutIn)) continue;
      const std::string name = std::string(info.name) + "_" + std::string(layout_name(layout));
      add_shapes(benchmark::RegisterBenchmark(("bm_matmul/" + name).c_str(), bm_matmul, info.dtype, layout));
    }
  }
}

}  // namespace
}  // namespace rwkv

int main(int argc, char** argv) {
  return rwkv::run_tool("bench_kernels", [&] {
    rwkv::apply_target_environment();
    rwkv::register_products();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return rwkv::kUsage;
    benchmark::RunSpecifiedBenchmarks();
    return rwkv::kSuccess;
  });
}
