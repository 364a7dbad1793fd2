#include "tensor/derived_view.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "core/error.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

// Element i is i, in pieces that no thread shares.
class Counting final : public TensorSource {
 public:
  void read(uint64_t first, std::span<std::byte> out) const override {
    for (size_t i = 0; i < out.size() / sizeof(float); ++i) {
      const auto value = static_cast<float>(first + i);
      std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
    }
  }
};

TensorView counting(Shape shape) {
  TensorView view{"t", DType::kF32, std::move(shape), {}};
  view.source = std::make_shared<Counting>();
  return view;
}

struct Stored {
  std::vector<float> values;
  TensorView view;

  explicit Stored(Shape shape) : values(element_count(shape)) {
    std::iota(values.begin(), values.end(), 0.0F);
    view = {"t", DType::kF32, std::move(shape), std::as_bytes(std::span(values))};
  }
};

using Floats = std::vector<float>;

TEST(DerivedView, TransposesWhatLiesInAFileAndWhatIsMade) {
  const Stored stored({2, 3});
  for (const TensorView& view : {stored.view, counting({2, 3})}) {
    const TensorView turned = transposed(view);
    EXPECT_EQ(turned.shape, (Shape{3, 2}));
    EXPECT_EQ(floats_of(turned), (Floats{0, 3, 1, 4, 2, 5}));
    EXPECT_EQ(turned.origin.transforms, std::vector<std::string>{"transposed"});
    EXPECT_EQ(lies_transposed(turned), view.source == nullptr);
    EXPECT_EQ(floats_of(transposed(turned)), (Floats{0, 1, 2, 3, 4, 5}));
    EXPECT_FALSE(lies_transposed(view));
    EXPECT_FALSE(lies_transposed(transposed(turned)));
  }
  EXPECT_EQ(floats_of(transposed(counting({2, 1, 2}))), (Floats{0, 1, 2, 3}));
  EXPECT_EQ(floats_of(transposed(counting({2, 2, 2}))), (Floats{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(DerivedView, TakesSlicesAlsoOfSlicesAndTransposes) {
  const Stored stored({2, 3, 2});
  for (const TensorView& view : {stored.view, counting({2, 3, 2})}) {
    const TensorView slice = slice_of(view, 1);
    EXPECT_EQ(slice.shape, (Shape{3, 2}));
    EXPECT_EQ(floats_of(slice), (Floats{6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(floats_of(slice_of(slice, 2)), (Floats{10, 11}));
    EXPECT_EQ(floats_of(slice_of(transposed(slice), 1)), (Floats{7, 9, 11}));
    EXPECT_EQ(floats_of(slice_of(transposed(view), 1)), (Floats{6, 8, 10, 7, 9, 11}));
    EXPECT_EQ(slice.origin.transforms, std::vector<std::string>{"part 2 of 2"});
    EXPECT_EQ(floats_of(reshaped(slice, {6})), (Floats{6, 7, 8, 9, 10, 11}));
  }
}

TEST(DerivedView, ComputesAnyRunOfAnyView) {
  const Stored stored({2, 3});
  const auto twice = [](std::span<float> values) {
    for (float& v : values) v *= 2;
  };
  for (const TensorView& view : {stored.view, counting({2, 3})}) {
    const TensorView doubled = computed(view, twice, "times 2");
    EXPECT_EQ(floats_of(doubled), (Floats{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(floats_of(transposed(doubled)), (Floats{0, 6, 2, 8, 4, 10}));
    EXPECT_EQ(floats_of(computed(transposed(view), twice, "times 2")), (Floats{0, 6, 2, 8, 4, 10}));
    EXPECT_EQ(floats_of(computed(slice_of(doubled, 1), twice, "times 2")), (Floats{12, 16, 20}));
    Floats two(2);
    doubled.source->read(2, std::as_writable_bytes(std::span(two)));
    EXPECT_EQ(two, (Floats{4, 6}));
  }
}

TEST(DerivedView, ThreadsShareOutWhatIsMade) {
  ThreadPool pool(3);
  const uint64_t n = 300'001;
  std::vector<std::byte> scratch;
  const auto bytes = packed_bytes(counting({n}), scratch, &pool);
  Floats values(n), expected(n);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  std::iota(expected.begin(), expected.end(), 0.0F);
  EXPECT_EQ(values, expected);
}

}  // namespace
}  // namespace rwkv
