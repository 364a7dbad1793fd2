#include "synthetic_model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sampling/rng.h"

namespace rwkv {
namespace {

constexpr size_t kHeadSize = 64;
// A channel mix's input has the mean +-kMeanInput in each channel, and each row of ffn.key leans against it
// so that its output's mean is -kHiddenMean; the output's standard deviation is about 0.8.
constexpr double kMeanInput = 0.25, kHiddenMean = 0.7;

constexpr std::array kModelSizes = {
    ModelSize{"rwkv4-169m", 4, 12, 768, 50277, {}},
    ModelSize{"rwkv4-430m", 4, 24, 1024, 50277, {}},
    ModelSize{"rwkv4-1b5", 4, 24, 2048, 50277, {}},
    ModelSize{"rwkv4-3b", 4, 32, 2560, 50277, {}},
    ModelSize{"rwkv4-7b", 4, 32, 4096, 50277, {}},
    ModelSize{"rwkv5-0.4b", 5, 24, 1024, 65536, {}},
    ModelSize{"rwkv5-1.5b", 5, 24, 2048, 65536, {}},
    ModelSize{"rwkv5-3b", 5, 32, 2560, 65536, {}},
    ModelSize{"rwkv5-7b", 5, 32, 4096, 65536, {}},
    ModelSize{"rwkv6-1.6b", 6, 24, 2048, 65536, {32, 64}},
    ModelSize{"rwkv6-3b", 6, 32, 2560, 65536, {32, 64}},
    ModelSize{"rwkv6-7b", 6, 32, 4096, 65536, {64, 128}},
    ModelSize{"rwkv7-0.1b", 7, 12, 768, 65536, {64, 64, 32, 128}},
    ModelSize{"rwkv7-0.4b", 7, 24, 1024, 65536, {64, 64, 32, 128}},
    ModelSize{"rwkv7-1.5b", 7, 24, 2048, 65536, {96, 96, 64, 256}},
    ModelSize{"rwkv7-2.9b", 7, 32, 2560, 65536, {96, 96, 64, 320}},
    ModelSize{"rwkv7-7.2b", 7, 32, 4096, 65536, {128, 128, 96, 480}},
};

// FNV-1a: each tensor has a random sequence of its own.
uint64_t hash(uint64_t seed, std::string_view name) {
  uint64_t h = 0xCBF29CE484222325 ^ seed;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return h;
}

// Near enough to a normal number of mean 0 and variance 1: the sum of four 13-bit uniform ones, at most 3.5.
float normal(uint64_t seed, uint64_t i) {
  auto bits = static_cast<uint64_t>(uniform(seed, i) * 0x1p53);
  uint64_t sum = 0;
  for (int part = 0; part < 4; ++part, bits >>= 13) sum += bits & 0x1FFF;
  return (static_cast<float>(sum) - 2.0f * 0x1FFF) * (1.7320508f / 0x2000);
}

float sign(uint64_t seed, uint64_t i) { return uniform(seed, i) < 0.5 ? -1.0f : 1.0f; }

// Collects the tensors of one model. `prefix` stands before every name.
class Builder {
 public:
  Builder(const ModelSize& size, uint64_t seed) : size_(size), seed_(seed) {}

  void set_layer(size_t layer) {
    prefix_ = "blocks." + std::to_string(layer) + ".";
    ratio_0_to_1_ = static_cast<double>(layer) / static_cast<double>(size_.n_layers - 1);
    ratio_1_to_0_ = 1.0 - static_cast<double>(layer) / static_cast<double>(size_.n_layers);
  }
  void leave_layers() { prefix_.clear(); }

  // Names of the trainers' formulas: how deep the layer is, from 0 to 1, and how far from the top, from 1 to
  // 0.
  double ratio_0_to_1() const { return ratio_0_to_1_; }
  double ratio_1_to_0() const { return ratio_1_to_0_; }
  size_t n_embd() const { return size_.n_embd; }

  void add_normal(const std::string& name, Shape shape, double deviation, double mean = 0) {
    const uint64_t seed = hash(seed_, prefix_ + name);
    add(name, std::move(shape),
        [=](uint64_t i) { return static_cast<float>(mean + deviation * normal(seed, i)); });
  }
  void add_matrix(const std::string& name, size_t rows, size_t cols, double gain = 1) {
    add_normal(name, {rows, cols}, gain / std::sqrt(cols));
  }
  // Writes into the residual: smaller, the more layers do so.
  void add_output_matrix(const std::string& name, size_t rows, size_t cols) {
    add_matrix(name, rows, cols, 2 / std::sqrt(2.0 * static_cast<double>(size_.n_layers)));
  }
  void add_low_rank(const std::string& name, const std::string& number_1, const std::string& number_2,
                    size_t rank, double gain) {
    add_normal(name + number_1, {n_embd(), rank}, gain / std::sqrt(n_embd()));
    add_normal(name + number_2, {rank, n_embd()}, gain / std::sqrt(rank));
  }
  void add_norm(const std::string& name, double gain = 1, double bias_deviation = 0.05) {
    add_normal(name + ".weight", {n_embd()}, 0.1 * gain, gain);
    add_normal(name + ".bias", {n_embd()}, bias_deviation);
  }
  // One value a channel: formula(share of the channels that come before it, its number).
  template <class Formula>
  void add_channels(const std::string& name, Shape shape, Formula formula) {
    const double width = static_cast<double>(n_embd());
    add(name, std::move(shape),
        [=](uint64_t i) { return static_cast<float>(formula(static_cast<double>(i) / width, i)); });
  }
  template <class Formula>
  void add_mix(const std::string& name, Formula formula) {
    add_channels(name, {1, 1, n_embd()}, [=](double position, uint64_t) { return formula(position); });
  }

  // ln2's bias gives the channel mix's input its mean, and ffn.key leans against it.
  void add_ln2() {
    const uint64_t seed = hash(seed_, prefix_ + "mean input");
    add_normal("ln2.weight", {n_embd()}, 0.1, 1);
    add("ln2.bias", {n_embd()}, [=](uint64_t i) { return static_cast<float>(kMeanInput) * sign(seed, i); });
  }
  void add_ffn_key(size_t hidden) {
    const uint64_t mean_seed = hash(seed_, prefix_ + "mean input"),
                   seed = hash(seed_, prefix_ + "ffn.key.weight");
    const size_t width = n_embd();
    const auto deviation = static_cast<float>(1 / std::sqrt(width));
    const auto lean = static_cast<float>(kHiddenMean / (kMeanInput * static_cast<double>(width)));
    add("ffn.key.weight", {hidden, width},
        [=](uint64_t i) { return deviation * normal(seed, i) - lean * sign(mean_seed, i % width); });
  }

  std::vector<SyntheticTensor> take() { return std::move(tensors_); }

 private:
  template <class Element>
  void add(const std::string& name, Shape shape, Element element) {
    const auto fill = [element](uint64_t first, std::span<float> out) {
      for (size_t i = 0; i < out.size(); ++i) out[i] = element(first + i);
    };
    tensors_.push_back({prefix_ + name, std::move(shape), fill});
  }

  const ModelSize& size_;
  uint64_t seed_;
  std::string prefix_;
  double ratio_0_to_1_ = 0, ratio_1_to_0_ = 1;
  std::vector<SyntheticTensor> tensors_;
};

// From 0 to 1 over the channels. Decays rise along it: exp(-exp(.)) hardly forgets in the first channels and
// does so within a token or two in the last.
double decay_curve(double position, double ratio_0_to_1) {
  return std::pow(position, 0.7 + 1.3 * ratio_0_to_1);
}

// Rising and falling with the place in the head, from -1 to 1.
double zigzag(uint64_t channel) {
  const double z = static_cast<double>(channel % kHeadSize) / (0.5 * (kHeadSize - 1)) - 1;
  return z * std::abs(z);
}

void add_square_matrices(Builder& b, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    b.add_matrix(std::string("att.") + name + ".weight", b.n_embd(), b.n_embd(),
                 name == std::string_view("key") ? 0.5 : 1);
  }
  b.add_output_matrix("att.output.weight", b.n_embd(), b.n_embd());
}

// The channel mix that versions 4 to 6 share.
void add_gated_channel_mix(Builder& b, const char* mix_name, bool mixes_difference, size_t hidden) {
  const double power = b.ratio_1_to_0();
  for (const char* which : {"k", "r"}) {
    b.add_mix(std::string(mix_name) + which, [=](double position) {
      return mixes_difference ? 1 - std::pow(position, power) : std::pow(position, power);
    });
  }
  b.add_ffn_key(hidden);
  b.add_matrix("ffn.receptance.weight", b.n_embd(), b.n_embd());
  b.add_output_matrix("ffn.value.weight", b.n_embd(), hidden);
}

void add_time_mix_factors(Builder& b, std::string_view which) {
  const double r01 = b.ratio_0_to_1(), r10 = b.ratio_1_to_0();
  for (const char c : which) {
    const double power = c == 'r' || c == 'g' ? 0.5 * r10 : r10, offset = c == 'v' ? 0.3 * r01 : 0;
    b.add_mix(std::string("att.time_mix_") + c,
              [=](double position) { return std::pow(position, power) + offset; });
  }
}

void add_layer_4(Builder& b) {
  const double r01 = b.ratio_0_to_1();
  const size_t width = b.n_embd();
  b.add_channels("att.time_decay", {width},
                 [=](double position, uint64_t) { return -5 + 8 * decay_curve(position, r01); });
  b.add_channels("att.time_first", {width}, [](double, uint64_t i) {
    return std::log(0.3) + 0.5 * (static_cast<double>((i + 1) % 3) - 1);
  });
  add_time_mix_factors(b, "kvr");
  add_square_matrices(b, {"key", "value", "receptance"});
  add_gated_channel_mix(b, "ffn.time_mix_", false, 4 * width);
}

void add_bonus(Builder& b) {
  const double r01 = b.ratio_0_to_1();
  b.add_channels("att.time_faaaa", {b.n_embd() / kHeadSize, kHeadSize}, [=](double position, uint64_t i) {
    return r01 * (1 - position) + 0.1 * (static_cast<double>((i + 1) % 3) - 1);
  });
}

void add_layer_5(Builder& b) {
  const double r01 = b.ratio_0_to_1();
  const size_t width = b.n_embd();
  add_time_mix_factors(b, "kvrg");
  b.add_channels("att.time_decay", {width / kHeadSize, kHeadSize},
                 [=](double position, uint64_t) { return -6 + 6 * decay_curve(position, r01); });
  add_bonus(b);
  add_square_matrices(b, {"receptance", "key", "value", "gate"});
  b.add_norm("att.ln_x");
  add_gated_channel_mix(b, "ffn.time_mix_", false, width * 7 / 2 / 32 * 32);
}

void add_layer_6(Builder& b, const ModelSize& size) {
  const double r01 = b.ratio_0_to_1(), r10 = b.ratio_1_to_0();
  const size_t width = b.n_embd(), mix_rank = size.ranks[0];
  for (const char c : std::string_view("xwkvrg")) {
    const double power = c == 'r' || c == 'g' ? 0.5 * r10 : r10, offset = c == 'v' ? 0.3 * r01 : 0;
    b.add_mix(std::string("att.time_maa_") + c,
              [=](double position) { return 1 - std::pow(position, power) - offset; });
  }
  b.add_normal("att.time_maa_w1", {width, 5 * mix_rank}, 0.5 / std::sqrt(width));
  b.add_normal("att.time_maa_w2", {5, mix_rank, width}, 0.3 / std::sqrt(mix_rank));
  b.add_channels("att.time_decay", {1, 1, width},
                 [=](double position, uint64_t) { return -6 + 6 * decay_curve(position, r01); });
  b.add_low_rank("att.time_decay_", "w1", "w2", size.ranks[1], 0.5);
  add_bonus(b);
  add_square_matrices(b, {"receptance", "key", "value", "gate"});
  b.add_norm("att.ln_x");
  add_gated_channel_mix(b, "ffn.time_maa_", true, width * 7 / 2 / 32 * 32);
}

// The per-channel starting points of version 7's low-rank parts, and the parts.
void add_low_ranks_7(Builder& b, const ModelSize& size, size_t layer) {
  const double r01 = b.ratio_0_to_1();
  const Shape row = {1, 1, b.n_embd()};
  b.add_channels("att.w0", row, [=](double position, uint64_t i) {
    return -5.5 + 6 * std::pow(position, 1 + std::pow(r01, 0.3)) + 2.5 * zigzag(i);
  });
  b.add_low_rank("att.", "w1", "w2", size.ranks[0], 0.5);
  b.add_channels("att.a0", row,
                 [](double position, uint64_t i) { return -0.39 + 0.4 * position + 0.3 * zigzag(i); });
  b.add_low_rank("att.", "a1", "a2", size.ranks[1], 0.5);
  if (layer > 0) {
    b.add_channels("att.v0", row, [](double position, uint64_t) { return 0.93 - 0.4 * position; });
    b.add_low_rank("att.", "v1", "v2", size.ranks[2], 0.5);
  }
  b.add_low_rank("att.", "g1", "g2", size.ranks[3], 1);
}

void add_layer_7(Builder& b, const ModelSize& size, size_t layer) {
  constexpr std::pair<char, double> kMixPowers[] = {{'r', 0.2}, {'w', 0.9}, {'k', 0.7},
                                                    {'v', 0.7}, {'a', 0.9}, {'g', 0.2}};
  const double r10 = b.ratio_1_to_0();
  const size_t width = b.n_embd();
  for (const auto& [letter, power] : kMixPowers) {
    b.add_mix(std::string("att.x_") + letter,
              [p = power * r10](double position) { return 1 - std::pow(position, p); });
  }
  add_low_ranks_7(b, size, layer);
  b.add_mix("att.k_k", [](double position) { return 0.76 - 0.1 * position; });
  b.add_mix("att.k_a", [](double) { return 1.02; });
  b.add_normal("att.r_k", {width / kHeadSize, kHeadSize}, 0.04, -0.04);
  add_square_matrices(b, {"receptance", "key", "value"});
  b.add_norm("att.ln_x", std::pow(static_cast<double>(1 + layer) / static_cast<double>(size.n_layers), 0.7),
             0.02);
  b.add_mix("ffn.x_k", [p = std::pow(r10, 4)](double position) { return 1 - std::pow(position, p); });
  b.add_ffn_key(4 * width);
  b.add_output_matrix("ffn.value.weight", width, 4 * width);
}

void add_layer(Builder& b, const ModelSize& size, size_t layer) {
  b.set_layer(layer);
  b.add_norm("ln1");
  b.add_ln2();
  if (layer == 0) b.add_norm("ln0");
  switch (size.version) {
    case 4:
      return add_layer_4(b);
    case 5:
      return add_layer_5(b);
    case 6:
      return add_layer_6(b, size);
    default:
      return add_layer_7(b, size, layer);
  }
}

}  // namespace

std::span<const ModelSize> model_sizes() { return kModelSizes; }

const ModelSize* find_model_size(std::string_view name) {
  const auto found = std::ranges::find(kModelSizes, name, &ModelSize::name);
  return found == kModelSizes.end() ? nullptr : &*found;
}

std::vector<SyntheticTensor> synthetic_tensors(const ModelSize& size, uint64_t seed) {
  Builder b(size, seed);
  b.add_normal("emb.weight", {size.n_vocab, size.n_embd}, 0.5);
  for (size_t layer = 0; layer < size.n_layers; ++layer) add_layer(b, size, layer);
  b.leave_layers();
  b.add_norm("ln_out");
  b.add_matrix("head.weight", size.n_vocab, size.n_embd, 2);
  return b.take();
}

}  // namespace rwkv
