// oneDNN's GRU of the reset-after form (LBR), forward and backward, layers of equal size.
// usage: onednn THREADS LAYERS HIDDEN BATCH STEPS

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include "dnnl.hpp"

using namespace dnnl;
using dims = memory::dims;
using tag = memory::format_tag;

int main(int argc, char **argv) {
  if (argc < 6) return 64;
  omp_set_num_threads(std::atoi(argv[1]));
  const memory::dim layers = std::atoi(argv[2]), hidden = std::atoi(argv[3]), batch = std::atoi(argv[4]);
  const memory::dim steps = std::atoi(argv[5]);
  engine cpu(engine::kind::cpu, 0);
  stream work(cpu);

  auto any = [](dims shape) { return memory::desc(shape, memory::data_type::f32, tag::any); };
  auto plain = [](dims shape, tag layout) { return memory::desc(shape, memory::data_type::f32, layout); };
  dims sequence = {steps, batch, hidden}, state = {layers, 1, batch, hidden};
  dims weights = {layers, 1, hidden, 3, hidden}, bias = {layers, 1, 4, hidden};
  auto source = plain(sequence, tag::tnc), iteration = plain(state, tag::ldnc), biases = plain(bias, tag::ldgo);

  lbr_gru_forward::primitive_desc forward(
      {prop_kind::forward_training, rnn_direction::unidirectional_left2right, source, iteration, any(weights),
       any(weights), biases, source, iteration},
      cpu);
  lbr_gru_backward::primitive_desc backward(
      {prop_kind::backward, rnn_direction::unidirectional_left2right, source, iteration, any(weights), any(weights),
       biases, source, iteration, source, iteration, any(weights), any(weights), biases, source, iteration},
      cpu, forward);

  auto filled = [&](const memory::desc &description) {
    memory result(description, cpu);
    float *values = static_cast<float *>(result.get_data_handle());
    for (size_t i = 0; i < description.get_size() / sizeof(float); i++)
      values[i] = 0.02f * (static_cast<float>(i % 101) / 50 - 1);
    return result;
  };
  memory input = filled(source), before = filled(iteration), offsets = filled(biases);
  memory input_weights = filled(plain(weights, tag::ldigo)), state_weights = filled(plain(weights, tag::ldigo));
  memory output = filled(source), after = filled(iteration), space = filled(forward.workspace_desc());
  memory forward_input(forward.weights_layer_desc(), cpu), forward_state(forward.weights_iter_desc(), cpu);
  memory backward_input(backward.weights_layer_desc(), cpu), backward_state(backward.weights_iter_desc(), cpu);
  memory input_gradient = filled(backward.diff_weights_layer_desc());
  memory state_gradient = filled(backward.diff_weights_iter_desc());
  memory d_input = filled(source), d_before = filled(iteration), d_offsets = filled(biases);
  memory d_output = filled(source), d_after = filled(iteration);

  lbr_gru_forward forward_step(forward);
  lbr_gru_backward backward_step(backward);
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC_LAYER, input},          {DNNL_ARG_SRC_ITER, before},   {DNNL_ARG_BIAS, offsets},
      {DNNL_ARG_DST_LAYER, output},         {DNNL_ARG_DST_ITER, after},    {DNNL_ARG_WORKSPACE, space},
      {DNNL_ARG_WEIGHTS_LAYER, forward_input}, {DNNL_ARG_WEIGHTS_ITER, forward_state}};
  auto back = arguments;
  back[DNNL_ARG_WEIGHTS_LAYER] = backward_input;
  back[DNNL_ARG_WEIGHTS_ITER] = backward_state;
  back.insert({{DNNL_ARG_DIFF_SRC_LAYER, d_input}, {DNNL_ARG_DIFF_SRC_ITER, d_before},
               {DNNL_ARG_DIFF_WEIGHTS_LAYER, input_gradient}, {DNNL_ARG_DIFF_WEIGHTS_ITER, state_gradient},
               {DNNL_ARG_DIFF_BIAS, d_offsets}, {DNNL_ARG_DIFF_DST_LAYER, d_output},
               {DNNL_ARG_DIFF_DST_ITER, d_after}});

  std::vector<double> seconds;
  for (int repeat = 0; repeat < 8; repeat++) {
    auto start = std::chrono::steady_clock::now();
    // New weights for each step, as in training.
    reorder(input_weights, forward_input).execute(work, input_weights, forward_input);
    reorder(state_weights, forward_state).execute(work, state_weights, forward_state);
    reorder(input_weights, backward_input).execute(work, input_weights, backward_input);
    reorder(state_weights, backward_state).execute(work, state_weights, backward_state);
    forward_step.execute(work, arguments);
    backward_step.execute(work, back);
    work.wait();
    std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (repeat > 0) seconds.push_back(elapsed.count());
  }
  std::sort(seconds.begin(), seconds.end());
  double operations = 6.0 * layers * 6 * hidden * hidden * batch * steps;
  std::printf("{\"peer\": \"onednn lbr-gru\", \"threads\": %s, \"gflops\": %.1f, \"best\": %.1f}\n", argv[1],
              operations / seconds[seconds.size() / 2] / 1e9, operations / seconds[0] / 1e9);
  return 0;
}
