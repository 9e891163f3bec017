// Included before tfjs-node's C++ sources (compiler.ts), which make a TensorFlow session of a graph with
// TensorFlow's own settings and offer no others. With R4EC_GRAPH_OPTIMIZER=off in the environment, a session is
// made without TensorFlow's graph optimizer (Grappler).
#pragma once

#include <cstdlib>
#include <cstring>

#include "tensorflow/c/c_api.h"

static inline TF_SessionOptions *R4ecSessionOptions() {
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *optimizer = std::getenv("R4EC_GRAPH_OPTIMIZER");
  if (optimizer != nullptr && std::strcmp(optimizer, "off") == 0) {
    // tensorflow.ConfigProto as bytes (tensorflow/core/protobuf/config.proto and rewriter_config.proto):
    // graph_options (10) { rewrite_options (10) { disable_meta_optimizer (19): true } }
    static const unsigned char config[] = {0x52, 5, 0x52, 3, 0x98, 0x01, 1};
    TF_Status *status = TF_NewStatus();
    TF_SetConfig(options, config, sizeof config, status);
    TF_DeleteStatus(status);
  }
  return options;
}

#define TF_NewSessionOptions R4ecSessionOptions
