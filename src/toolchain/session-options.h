// Included before tfjs-node's C++ sources (compiler.ts), which make a TensorFlow session of a graph with
// TensorFlow's own settings and offer no others. With R4EC_GRAPH_OPTIMIZER=off in the environment, a session is
// made without TensorFlow's graph optimizers: Grappler, and the smaller one that folds constants.
#pragma once

#include <cstdlib>
#include <cstring>

#include "tensorflow/c/c_api.h"

static inline TF_SessionOptions *R4ecSessionOptions() {
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *optimizer = std::getenv("R4EC_GRAPH_OPTIMIZER");
  if (optimizer != nullptr && std::strcmp(optimizer, "off") == 0) {
    // tensorflow.ConfigProto as bytes (tensorflow/core/protobuf/config.proto and rewriter_config.proto):
    // graph_options (10) {
    //   optimizer_options (3) { opt_level (3): L0 (-1) }
    //   rewrite_options (10) { disable_meta_optimizer (19): true }
    // }
    static const unsigned char config[] = {0x52, 18,   0x1a, 11,   0x18, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 1,    0x52, 3,    0x98, 0x01, 1};
    TF_Status *status = TF_NewStatus();
    TF_SetConfig(options, config, sizeof config, status);
    TF_DeleteStatus(status);
  }
  return options;
}

#define TF_NewSessionOptions R4ecSessionOptions
