// Calibrated rounding of the matrices of a conversion plan.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/calibration/feedback.h"
#include "checkpoint/calibration/output_groups.h"
#include "checkpoint/plan.h"
#include "model/layer_walk.h"

namespace rwkv {

// Runs the plan's text once through the unquantised model, layer by layer, as far as the matrices asked for
// require. Memory: the residual of all tokens, the moments of one layer, and the feedback of matrices that
// were seen but not yet taken (those of one layer if the plan's tensors are in the order of layers).
class Calibration {
 public:
  // Progress: the share of the text that has passed layer `layer`. May throw to end the run.
  using OnStep = std::function<void(double share, size_t layer, size_t n_layers)>;

  // `plan` and `pool` must outlive this object. Errors as Model::load().
  Calibration(const ConversionPlan& plan, ThreadPool& pool, OnStep on_step);

  // The feedback for a calibrated tensor of the plan; may be asked for once. No group if the model never
  // multiplies the tensor. Error kFormat.
  MatrixFeedback take(const PlannedTensor& tensor);

 private:
  void step();
  void add(const LayerWalk::Product& product);

  ThreadPool& pool_;
  OnStep on_step_;
  LayerWalk walk_;
  size_t next_layer_ = 0;
  std::set<std::string, std::less<>> wanted_;  // names
  // The sums for one matrix.
  struct Seen {
    std::vector<Moments> parts;  // together all inputs
    WeighOutputs weigh = nullptr;
    OutputGroups groups;
    std::vector<Moments> of_groups;
  };
  static Seen begin(const LayerWalk::Product& product, ThreadPool& pool);
  MatrixFeedback end(Seen seen);

  std::map<std::string, Seen, std::less<>> seen_;                // in this layer, by the tensor's name
  std::map<std::string, MatrixFeedback, std::less<>> feedback_;  // not yet taken
};

}  // namespace rwkv
