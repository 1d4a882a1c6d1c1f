// A config with nothing left open: every default filled in, every `auto` decided. It is a valid config itself.

import type { Engine } from './engine.ts';
import type { Device } from './facts.ts';
import type {
  CheckpointsConfig,
  Columns,
  DataConfig,
  DataFormat,
  DistributedConfig,
  DpoConfig,
  GrpoConfig,
  PpoConfig,
  RewardConfig,
  EarlyStoppingConfig,
  EvaluationConfig,
  FinetuneConfig,
  LoraConfig,
  SlurmConfig,
  PrefixConfig,
  QuantizationConfig,
  TrainingConfig,
} from './schema.generated.ts';

export interface EffectiveTrainFile {
  readonly path: string;
  readonly weight: number;
  /** `auto` only while nobody has looked at the file (see `ConfigFacts.formats`). */
  readonly format: DataFormat;
  readonly columns?: Columns;
}

export interface EffectiveData extends Readonly<Required<Omit<DataConfig, 'train' | 'columns' | 'system' | 'lint'>>> {
  readonly train: readonly EffectiveTrainFile[];
  readonly columns?: Columns;
  readonly system?: string;
  readonly lint?: DataConfig['lint'];
}

export interface EffectiveLora extends Readonly<Required<Omit<LoraConfig, 'init_from'>>> {
  readonly init_from?: string;
}

export interface EffectivePrefix extends Readonly<Required<Omit<PrefixConfig, 'encoder_hidden_size'>>> {
  /** Absent: the width of a layer's keys. */
  readonly encoder_hidden_size?: number;
}

export interface EffectiveDistributed extends Readonly<
  Required<Omit<DistributedConfig, 'hosts' | 'interface' | 'slurm'>>
> {
  /** Absent: this machine. */
  readonly hosts?: readonly string[];
  readonly interface?: string;
  readonly slurm?: Readonly<Required<SlurmConfig>>;
}

type OpenTraining =
  'epochs' | 'max_steps' | 'warmup_ratio' | 'warmup_steps' | 'mixed_precision' | 'gradient_checkpointing';

export interface EffectiveTraining extends Readonly<Required<Omit<TrainingConfig, OpenTraining>>> {
  /** Either epochs or max_steps. */
  readonly epochs?: number;
  readonly max_steps?: number;
  /** Either warmup_ratio or warmup_steps. */
  readonly warmup_ratio?: number;
  readonly warmup_steps?: number;
  readonly mixed_precision: 'no' | 'bf16';
  readonly gradient_checkpointing: boolean;
}

export interface EffectiveConfig {
  readonly version: 1;
  readonly name?: string;
  readonly model: string;
  readonly engine: Engine;
  readonly device: Device;
  readonly threads: number;
  readonly method: NonNullable<FinetuneConfig['method']>;
  readonly objective: NonNullable<FinetuneConfig['objective']>;
  readonly seed: number;
  readonly data: EffectiveData;
  /** Present for methods `lora` and `qlora`. */
  readonly lora?: EffectiveLora;
  /** Present for method `qlora`. */
  readonly quantization?: Readonly<Required<QuantizationConfig>>;
  /** Present for method `prefix`. */
  readonly prefix?: EffectivePrefix;
  /** Present for objective `dpo`. */
  readonly dpo?: Readonly<Required<DpoConfig>>;
  /** Present for objective `grpo`. */
  readonly grpo?: Readonly<Required<GrpoConfig>>;
  /** Present for objective `ppo`. */
  readonly ppo?: Readonly<Required<PpoConfig>>;
  /** Present for objectives that learn from answers. */
  readonly reward?: Readonly<RewardConfig & Required<Pick<RewardConfig, 'timeout'>>>;
  readonly training: EffectiveTraining;
  readonly evaluation: Readonly<Required<EvaluationConfig>>;
  readonly checkpoints: Readonly<Required<CheckpointsConfig>>;
  /** Absent: the run goes to its end. */
  readonly early_stopping?: Readonly<Required<EarlyStoppingConfig>>;
  /** Absent: one process. */
  readonly distributed?: EffectiveDistributed;
  readonly output?: string;
}

/** One field of the effective config: what it is, who said so, and why where it was not the person. */
export interface Decision {
  readonly path: string;
  readonly value: unknown;
  readonly source: 'file' | 'override' | 'default' | 'auto';
  readonly reason?: string;
}
