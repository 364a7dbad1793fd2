// A single row of x times wide weights stored in lines or input by input (tensor/packed_layout.h). Included
// once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_WIDE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_WIDE_ROWS_INL_H_
#undef RWKV_KERNELS_MATMUL_WIDE_ROWS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_WIDE_ROWS_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/matmul/byte_products-inl.h"
#include "kernels/matmul/row_codecs-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- weights in lines; lines of inputs that relu² set to zero are not read

constexpr size_t kInputsAhead = 32;  // inputs whose lines are prefetched

// An input whose x is not zero.
struct ActiveInput {
  uint32_t input;
  float x;
};

// Writes the list of active inputs of a row of x, followed by an end mark: its first kInputsAhead inputs in
// the next column, with an `input` of cols or more.
class ActiveInputs {
 public:
  ActiveInputs(ActiveInput* list, size_t cols) : list_(list), cols_(cols) {}
  void Add(size_t input, float x) {
    list_[n_] = {static_cast<uint32_t>(input), x};
    n_ += x != 0.0F;
  }
  void End() {
    for (size_t i = 0; i < kInputsAhead; ++i)
      list_[n_ + i] = {static_cast<uint32_t>(cols_ + (n_ == 0 ? 0 : list_[i % n_].input)), 0};
  }

 private:
  ActiveInput* list_;
  size_t cols_, n_ = 0;
};

// Adds products in the order of the list. kFlushes: sums below the smallest normal number become zeros with
// their sign, so that skipping inputs does not change them.
template <class Codec, bool kFlushes = false>
struct RowOfLines {
  using X = ActiveInput;
  static constexpr size_t kGrain = line_outputs(Codec::kDType), kScratchBytes = 0;

  static size_t XCount(const MatmulJob& job) { return job.x.cols + kInputsAhead; }
  static void PrepareRow(const MatmulJob& job, size_t /*row*/, const float* x, ActiveInput* prepared) {
    ActiveInputs active(prepared, job.x.cols);
    for (size_t i = 0; i < job.x.cols; ++i) active.Add(i, x[i]);
    active.End();
  }

  static void Multiply(const MatmulJob& job, const ActiveInput* first, size_t begin, size_t end,
                       std::byte* /*scratch*/) {
    using Stored = typename Codec::Stored;
    constexpr size_t kOutputs = kGrain, kVectors = kOutputs / kLanes;
    constexpr size_t kLineBytes = line_bytes(Codec::kDType), kCacheLine = 64;
    for (size_t o = begin; o < end; o += kOutputs) {
      const std::byte* column = job.w->bytes.data() + o / kOutputs * job.w->cols * kLineBytes;
      VF acc[kVectors];
      for (VF& sum : acc) sum = hn::Zero(DF());
      for (const ActiveInput* active = first; active->input < job.w->cols; ++active) {
        for (size_t at = 0; at < kLineBytes; at += kCacheLine)
          hwy::Prefetch(column + active[kInputsAhead].input * kLineBytes + at);
        const VF x = hn::Set(DF(), active->x);
        const auto* line = reinterpret_cast<const Stored*>(column + active->input * kLineBytes);
        for (size_t v = 0; v < kVectors; ++v)
          acc[v] = hn::MulAdd(Codec::Load(DF(), line + v * kLanes), x, acc[v]);
      }
      if constexpr (kFlushes) {
        for (VF& sum : acc) sum = hn::Add(sum, hn::Zero(DF()));
      }
      HWY_ALIGN float sums[kOutputs];
      for (size_t v = 0; v < kVectors; ++v) hn::Store(acc[v], DF(), sums + v * kLanes);
      store_sums(job, 0, o, sums, std::min(kOutputs, end - o));
    }
  }
};

// Up to so many rows one after the other take less time than making tiles of the lines.
constexpr size_t kFewRows = 8;

// Each row as if it were alone: a column of lines stays in the caches from row to row, and lines that no row
// has an input for are not read.
template <class One>
struct EachRowOfLines {
  using X = typename One::X;
  static constexpr size_t kGrain = One::kGrain, kScratchBytes = One::kScratchBytes;

  static size_t XCount(const MatmulJob& job) { return job.x.rows * One::XCount(job); }
  static void PrepareRow(const MatmulJob& job, size_t row, const float* x, X* prepared) {
    One::PrepareRow(job, 0, x, prepared + row * One::XCount(job));
  }
  static void Multiply(const MatmulJob& job, const X* x, size_t begin, size_t end, std::byte* scratch) {
    for (size_t o = begin; o < end; o += kGrain) {
      for (size_t row = 0; row < job.x.rows; ++row) {
        const MatmulJob one(job.w, job.x.rows_at(row, 1), job.y.rows_at(row, 1), job.store);
        One::Multiply(one, x + row * One::XCount(job), o, std::min(o + kGrain, end), scratch);
      }
    }
  }
};

// ---- weights stored one input after the other: low-rank matrices of checkpoints

constexpr size_t kInputsAtOnce = 4;

// sums += the weights of N inputs from `input` on times their x, over outputs [begin, end); sums has room for
// whole groups of 16. Prefetches a little ahead.
template <class Row, size_t N>
HWY_INLINE void AddInputs(const MatmulJob& job, size_t input, size_t begin, size_t end,
                          float* HWY_RESTRICT sums) {
  constexpr size_t kLine = 64, kAhead = 4096;
  const DF d;
  const size_t input_bytes = job.w->rows * Row::kElementBytes;
  const size_t ahead = HWY_MAX(kInputsAtOnce, hwy::DivCeil(kAhead, input_bytes)) * input_bytes;
  Row rows[N];
  for (size_t i = 0; i < N; ++i) rows[i] = Row(*job.w, input + i);
  for (size_t o = begin; o < end; o += kVec16Lanes) {
    if ((o - begin) * Row::kElementBytes % kLine == 0) {
      for (size_t i = 0; i < N; ++i) hwy::Prefetch(rows[i].Address(o) + ahead);
    }
    VF acc[kParts];
    for (size_t part = 0; part < kParts; ++part) acc[part] = hn::Load(d, sums + o - begin + part * kLanes);
    for (size_t i = 0; i < N; ++i) {
      VF w[kParts];
      rows[i].Load16(o, end - o, w);
      const VF x = hn::Set(d, job.x.data[input + i]);
      for (size_t part = 0; part < kParts; ++part) acc[part] = hn::MulAdd(w[part], x, acc[part]);
    }
    for (size_t part = 0; part < kParts; ++part) hn::Store(acc[part], d, sums + o - begin + part * kLanes);
  }
}

// Strips of outputs whose sums stay in the first-level cache.
template <class Codec>
struct RowOfInputs {
  using X = void;
  using Row = WideRow<Codec>;
  static constexpr size_t kGrain = 2 * kTileOutputs, kPieces = 2, kScratchBytes = 0;

  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* /*scratch*/) {
    constexpr size_t kStrip = 1024;
    HWY_ALIGN float sums[kStrip];
    for (size_t o = begin; o < end; o += kStrip) {
      const size_t stop = std::min(end, o + kStrip);
      std::fill_n(sums, kStrip, 0.0f);
      size_t input = 0;
      for (; input + kInputsAtOnce <= job.w->cols; input += kInputsAtOnce)
        AddInputs<Row, kInputsAtOnce>(job, input, o, stop, sums);
      for (; input < job.w->cols; ++input) AddInputs<Row, 1>(job, input, o, stop, sums);
      store_sums(job, 0, o, sums, stop - o);
    }
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_WIDE_ROWS_INL_H_
