// Draws no more often than the screen does, however fast messages come.

export interface Frame {
  request(): void;
}

export function createFrame(draw: () => void): Frame {
  let requested = false;
  return {
    request() {
      if (requested) return;
      requested = true;
      requestAnimationFrame(() => {
        requested = false;
        draw();
      });
    },
  };
}

/** Does what the picture that is being drawn can do without; called while drawing. */
export function afterPaint(action: () => void): void {
  setTimeout(action);
}
