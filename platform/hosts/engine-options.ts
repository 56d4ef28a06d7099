/** Options of the engine, where Maru brought it. With live-restore, containers go on while the engine is away. */
export const ENGINE_OPTIONS = ['--no-new-privileges', '--live-restore'] as const
