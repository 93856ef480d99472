/** Processes of this machine (processes.mjs). */
export function family(root: number): number[]
export function browserWith(word: string): number | undefined
export function signal(processes: number[], name: NodeJS.Signals): void
