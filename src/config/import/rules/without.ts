// Keys of the four tools that have no counterpart here, by what they are about, each with what to do.

import { none, noneIfOn, type Rule } from '../rule.ts';

const quantised =
  'Weights in 4 bits are `method: qlora` here, on the torch engine; other quantisations do not exist. LoRA beside whole weights needs more memory: `finetune estimate` tells how much.';
const preference =
  'Settings of an objective are not taken over. Here they stand in a block of its name, such as `dpo` (docs/config.md).';
const vision = 'Only texts are trained here, no pictures, sound or video.';
const tracking = 'No tracking service is called: the dashboard and the run folder hold every number.';
const distributed =
  'Not taken over: how many processes train together is `distributed.processes` (docs/distributed.md).';
const speed = 'It makes steps faster there and does not change them; this engine has its own ways. Nothing to do.';
const tokens = "The model's own tokenizer files decide. Change them in the model's folder if need be.";
const loading = 'About loading the model in PyTorch. Nothing to do.';
const mixtures = 'The architecture decides what can be trained; there is no setting for it here.';
const machine = 'About the machine and its processes. Nothing to do.';
const prepared = 'Rows are prepared and cached without settings. Nothing to do.';
const inference = 'About answering, not training. `finetune generate` has options for it.';
const sharing = 'Nothing is uploaded. The result lies in `output`; upload it with `hf upload`.';
const python = 'A Python object. What it is made of was read where it is made; code of its own is not run.';

/** Names in one text, apart by spaces: there are hundreds. */
function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

export const withoutCounterpart: readonly Rule[] = [
  noneIfOn(
    words(`
      load_in_8bit load_in_fp8`),
    quantised,
    true,
  ),
  none(
    words(`
      bnb_* quantization_* quant_config* gptq* quant_method model_quantization_* quantize_moe_experts
      BitsAndBytesConfig.* quantization_config load_in_16bit quantization.* qat* qat_scheme fp8* use_onebitllms
      nvfp4* dsv4* dequantize`),
    quantised,
  ),
  none(
    words(`
      rl pref_* rl_beta beta kto_* dpo_* orpo_alpha simpo_gamma cpo_* ppo_* trl.* vllm* use_vllm reward_model*
      reward_adapter_path reward_funcs reward_weights process_reward_model center_rewards_coefficient
      num_generations* max_completion_length max_prompt_length max_prompt_len ref_model* precompute_ref_*
      loss_type loss_weights scale_rewards epsilon* delta mask_truncated_completions num_labels ebft* grpo_* ref_*
      sync_ref_model importance_sampling_level use_weighting judge missing_eos_penalty num_iterations
      steps_per_generation generation_batch_size rollout_* environment_* off_policy_mask_threshold
      desirable_weight undesirable_weight num_ppo_epochs num_mini_batches local_rollout_forward_batch_size
      total_episodes kl_coef response_length stop_token teacher_* student_* lmbda seq_kd num_completions_to_print
      log_completions* tools dual_beta rpo_alpha f_divergence_type simpo_* tpo_* disable_dropout
      max_tool_calling_iterations gold_* uld_* use_uld_loss sapo_* cispo_* vespo_* ld_alpha tokenwise*
      use_liger_loss use_liger_in_* unsloth_num_chunks unsloth_grpo_* sdft_* dppo_* label_names diffusion*
      noise_schedule distillation_* entropy_* use_adaptive_entropy ds3_gather_* label_smoothing teacher_model
      step_separator train_on_last_step_only alpha cliprange gamma lam vf_coef prompt_sample_size top_entropy_*
      f_alpha_* discopop_tau normalize_advantages min_mask_ratio max_mask_ratio num_diffusion_steps
      importance_weighting mask_token_id`),
    preference,
  ),
  none(
    words(`
      image_* video_* audio_* media_dir freeze_vision_* freeze_multi_modal_* freeze_mm_modules
      freeze_language_model finetune_vision_layers vision_* processor_* crop_to_patches use_audio_in_video mm_*
      max_pixels min_pixels is_vision* whisper_* is_audio finetune_audio_layers is_embedding embedding_*`),
    vision,
  ),
  none(
    ['finetune_language_layers', 'finetune_attention_modules', 'finetune_mlp_modules'],
    'The layers with adapters are named by `lora.target_modules`. Narrow it if this was false.',
  ),
  none(
    words(`
      wandb* use_wandb enable_wandb swanlab* use_swanlab mlflow* use_mlflow comet* use_comet trackio* use_trackio
      report_to logging_dir tensorboard* use_tensorboard enable_tensorboard use_otel_metrics otel_* project_name
      project plot_loss neptune*`),
    tracking,
  ),
  none(
    words(`
      logging_* log_level* log_frequency log_on_each_node include_num_input_tokens_seen include_tokens_per_second
      include_tkps include_effective_tokens_per_second disable_tqdm eval_table_size profiler_* verbose debug`),
    'Every step is recorded in events.jsonl. Nothing to do.',
  ),
  none(
    words(`
      deepspeed* fsdp* ddp* dp_* tensor_parallel* context_parallel* sequence_parallel* expert_parallel* pipeline_*
      heads_k_stride ring_attn_func use_ray ray_* world_size accelerator_config* accelerate_config dist_config*
      use_mca use_megatron* megatron* tensor_model_* expert_model_* virtual_pipeline_* overlap_*
      use_distributed_optimizer moe_token_dispatcher_type moe_grouped_gemm recompute_* bias_activation_fusion
      apply_rope_fusion use_hyper_parallel hyper_parallel_* cp_* ep_* parallelism_config* launcher.* num_processes
      num_machines machine_rank master_port main_process_port split_batches use_fsdp* serve_* sync_each_batch
      deepcompile delinearize* context_parallel_backend`),
    distributed,
  ),
  none(
    words(`
      attn_implementation flash_* flex_* xformers* sdp_attention sdpa* sage_attention eager_attention fused_attn*
      large_head_attention liger* use_liger* enable_liger_kernel lora_mlp_kernel lora_qkv_kernel lora_o_kernel
      lora_embedding_kernel torch_compile* tf32 cut_cross_entropy chunked_cross_entropy* tiled_mlp* use_kernels
      kernel_config* use_v1_kernels use_scattermoe use_sonicmoe use_glm* use_dsv4* experts_implementation
      use_cache use_unsloth* use_kt kt_* activation_offloading offload_* layer_offloading
      gradient_checkpointing_kwargs* gradient_accumulation_kwargs* use_reentrant* disable_gradient_checkpointing
      selective_checkpointing* batching_strategy* batch_flattening padding_free pad_to_* eval_packing
      eval_sample_packing packing_strategy sample_packing_* neat_packing multipack_* group_by_length
      length_column_name auto_find_batch_size plugins fast_inference gemma4_* unsloth_tiled_mlp moe_backend
      optim_target_modules torchdistx_path gc_steps gc_collect_steps torch_empty_cache_steps flash_attn
      use_flash_* include_kernels mamba_* use_exact_model_name float32_mixed_precision unsloth_force_compile
      fullgraph return_logits init_config* llama4_* shift_attn kernels use_grouped_mm bidirectional_attention
      attn_backend`),
    speed,
  ),
  none(
    words(`
      special_tokens* tokens* added_tokens* eot_tokens eos_token* pad_token* bos_token* unk_token* tokenizer*
      use_fast_tokenizer resize_* mean_resizing_embeddings shrink_embeddings embeddings_skip_upcast
      additional_special_tokens new_special_tokens* add_special_tokens add_tokens fix_untrained_tokens
      fix_tokenizer model_max_length mapping map_eos_token chat_template_kwargs* enable_thinking preserve_thinking
      tool_format template_thinking_key`),
    tokens,
  ),
  none(
    words(`
      trust_remote_code model_type base_model_config cls_model_config model_config* overrides_of_model_config*
      torch_dtype dtype device_map* id2label label2id num_labels low_cpu_mem_usage max_memory* gpu_memory_*
      cache_dir is_falcon_* is_llama_* is_mistral_* is_qwen_* experimental_* token hf_* model_class trainer_cls
      model_init_kwargs* rope_scaling* rope_theta reinit_weights auto_model infer_* local_files_only
      force_download use_auth_token bias_dtype scaling_softmax* float32 fp32_* upcast_* disable_log_stats
      max_lora_rank text_only config whisper_language whisper_task cast_lm_head_to_fp32 dtype_* float8_*
      ignore_mismatched_sizes mod mixture_of_depths random_state_* unsloth_*`),
    loading,
  ),
  none(
    words(`
      output_router_logits moe_* router_* unfrozen_parameters freeze_* lora_target_parameters target_parameters
      lora_modules_to_save modules_to_save additional_target lora_fan_in_fan_out fan_in_fan_out lora_on_cpu
      lora_bias bias task_type lora_task_type layers_to_transform layers_pattern peft_layers_* peft_layer_*
      peft_trainable_* peft_ensure_* ensure_weight_tying peft_autocast* peft_merge* init_lora_weights
      peft_init_lora_weights lora_rank_pattern lora_alpha_pattern rank_pattern alpha_pattern loftq* use_loftq
      pissa_* loraplus_lr_embedding create_new_adapter relora* use_llama_pro oft_* module_dropout merge_lora
      merge_method qlora_* lora_dtype trainable_token_indices peft.* peft_config inference_mode megatron_config
      embedding_lr* lr_groups* expert_* use_whitening use_dora_*`),
    `${mixtures} Adapters are plain LoRA on linear layers.`,
  ),
  noneIfOn(['neftune_noise_alpha'], 'No noise is added to embeddings here. Expect small differences.', true),
  noneIfOn(['label_smoothing_factor'], 'Labels are not smoothed here. Expect a lower loss than there.', true),
  none(
    words(`
      use_galore galore_* qgalore_* use_apollo apollo_* use_badam badam_* use_adam_mini use_muon muon_* dion_*
      adam_epsilon2 adam_beta3 optim_args* optim_config* ns_steps nesterov momentum schedule_free* use_dft_loss
      use_asft_loss asft_alpha use_eaft* eaft_* jagged_* cosine_constant_lr_ratio lr_quadratic_warmup
      lr_div_factor lr_scheduler_kwargs* eta_min lisa_* lr_scheduler_config* optimizer_cls_and_kwargs llrd
      lr_scheduler_args`),
    'A way of optimising that does not exist here: AdamW with the schedule above is used. Choose the learning rate anew.',
    true,
  ),
  none(
    ['loss_watchdog_*', 'nan_*', 'skip_nan*'],
    'A run that diverges is told and its cause named; no setting is needed.',
  ),
  none(
    words(`
      dataloader_* preprocessing_* dataset_prepared_path dataset_processes dataset_num_proc num_proc
      dataset_keep_in_memory dataset_shard_* num_dataset_shards* skip_prepare_dataset dataset_kwargs*
      remove_unused_columns overwrite_cache tokenized_path data_shared_file_system streaming* dataset_streaming
      buffer_size pretrain_multipack_* pretraining_sample_concatenation shuffle_before_merging_datasets
      max_packed_sequence_len data_seed is_preprocess preprocess_* total_num_tokens total_supervised_tokens
      batched dataset_batch_size download_mode keep_in_memory ignore_bias_buffers ignore_pad_token_for_loss
      min_sample_len verify_* num_samples map_*`),
    prepared,
  ),
  noneIfOn(['dataset_exact_deduplication'], '`finetune check <data file>` finds equal rows; remove them in the file.'),
  none(
    words(`
      output_dir_overwrite overwrite_output_dir save_safetensors save_only_model save_first_step save_on_each_node
      save_compressed save_strategy save_method save_model save_gguf save_path_* restore_callback_states*
      dynamic_checkpoint* max_shard_size export_* auto_resume_from_checkpoints resume_from_checkpoint save_merged
      quantization greater_is_better`),
    'Every run has a folder of its own with resumable checkpoints and the result; `finetune resume` goes on. `checkpoints` says how often.',
  ),
  none(
    words(`
      push_* hub_* push_dataset_to_hub private`),
    sharing,
  ),
  none(
    ['eval_strategy', 'evaluation_strategy', 'do_eval'],
    'Evaluation goes by steps (`evaluation.every`) where `data.validation` names rows.',
  ),
  none(
    words(`
      per_device_eval_batch_size eval_batch_size per_gpu_* eval_accumulation_steps eval_delay eval_sequence_len
      eval_on_each_dataset eval_num_beams compute_accuracy predict_with_generate do_predict do_causal_lm_eval
      eval_causal_lm_metrics do_bench_eval bench_* compute_metrics preprocess_logits_for_metrics
      batch_eval_metrics generate_samples num_generation_samples generation_interval test_value
      prediction_loss_only eval_do_concat_batches`),
    'The validation loss is measured; `evaluation.prompts` lets the model answer besides. Nothing to do.',
  ),
  none(
    words(`
      do_train disable_shuffling_* strict axolotl_config_path local_rank device use_cpu no_cuda gpu_count gpu
      timeout* secrets* volumes* env.* env use_mps_device devices memory full_determinism jit_mode_eval restart
      mount cpu_* image provider ignore_data_skip dry_run framework average_tokens_across_devices accelerator
      enable_lora ddp_timeout`),
    machine,
  ),
  none(
    words(`
      temperature top_p top_k min_p max_new_tokens sample_backend generation_* inference.* do_sample num_beams
      repetition_penalty stop_token_ids skip_special_tokens max_length_generation presence_penalty max_model_len
      stop`),
    inference,
  ),
  none(
    words(`
      model tokenizer processing_class train_dataset eval_dataset args peft_config callbacks optimizers trainer
      model_init loss evaluator feature_extractor processor compute_loss_func sampling_params llm data_collator`),
    python,
  ),
  none(
    words(`
      formatting_func formatting_prompts_func rollout_func environment_factory`),
    'Rows are put into words by Python code, which is not run. Say with `data.format`, `data.columns` and `data.template` what it does.',
    true,
  ),
];
