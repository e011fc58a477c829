namespace OrderSystem.AppHost.Commands;

/// <summary>Pauses and resumes the worker.</summary>
internal static class WorkerCommands
{
    internal static IResourceBuilder<ProjectResource> WithWorkerCommands(this IResourceBuilder<ProjectResource> worker) => worker
        .WithOperation(
            "pause", "Pause", "Pause", "Stops pulling orders from the stream; orders in progress are finished.",
            "Pause the worker? Orders stay pending until it is resumed.",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/pause");
                return Operation.Done("The worker is paused. Resume it to process the waiting orders.", new { paused = true });
            })
        .WithOperation(
            "resume", "Resume", "PlayCircle", "Pulls orders from the stream again.", "Resume the worker?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Post, "/ops/resume");
                return Operation.Done("The worker is resumed.", new { paused = false });
            });
}
