// Four continuations of one prompt, drawn together. usage: four MODEL VOCAB PROMPT
#include <exception>
#include <iostream>
#include <rwkv/rwkv.hpp>
#include <vector>

int main(int argc, char** argv) try {
  if (argc < 4) return std::cerr << "usage: four MODEL VOCAB PROMPT\n", 2;
  const rwkv::api::Model model(argv[1]);
  const rwkv::api::Vocab vocab(argv[2], model);
  rwkv::api::Runner runner(model);
  rwkv::api::Sequence prompt(model);
  runner.read(prompt, vocab.encode(argv[3]));  // read once, then forked
  std::vector sequences(4, prompt);
  std::vector<std::vector<uint32_t>> ids(sequences.size());
  for (int n = 0; n < 20; ++n) {
    runner.step(sequences);
    for (size_t k = 0; k < sequences.size(); ++k) {
      auto sampling = rwkv::api::default_sampling();
      sampling.vocab = vocab.get();
      sampling.seed = k + 1;
      ids[k].push_back(sequences[k].sample(sampling));
    }
  }
  for (const auto& continuation : ids) std::cout << "---" << argv[3] << vocab.decode(continuation) << '\n';
  return 0;
} catch (const std::exception& e) {
  std::cerr << "four: " << e.what() << '\n';
  return 1;
}
