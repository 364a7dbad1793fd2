// Operations on each element. All spans of a call have the same length; `out` may be one of the inputs.
// Thread-safe; the same bits on every target that has FMA.
#pragma once
#include <span>

namespace rwkv {

using In = std::span<const float>;
using Out = std::span<float>;

// out = from + (to - from) ⊙ weight: token shift. x⊙m + x'⊙(1−m) is interpolate(x', x, m, out).
void interpolate(In from, In to, In weight, Out out);
// out = from + (to - from) ⊙ (weight + more): data-dependent token shift.
void interpolate_sum(In from, In to, In weight, In more, Out out);
void multiply(In a, In b, Out out);              // out = a ⊙ b
void multiply_sum(In a, In b, In c, Out out);    // out = a ⊙ (b + c)
void exp_of(In x, Out out);                      // out = e^x
void relu_squared(In x, Out out);                // out = max(x, 0)²
void sigmoid_of(In x, Out out);                  // out = σ(x) = 1 / (1 + e^−x)
void sigmoid_of_sum(In a, In b, Out out);        // out = σ(a + b)
void tanh_of(In x, Out out);                     // out = tanh(x), to 1e-7 absolutely
void sigmoid_times(In gate, In x, Out out);      // out = σ(gate) ⊙ x
void silu_times(In gate, In x, Out out);         // out = gate ⊙ σ(gate) ⊙ x
void add_sigmoid_times(In gate, In x, Out out);  // out += σ(gate) ⊙ x

}  // namespace rwkv
