using System.Globalization;
using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using CommandResultFormat = Aspire.DashboardService.Proto.V1.CommandResultFormat;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>Runs commands for the dashboard.</summary>
internal sealed class ResourceCommandCalls(ResourceNotificationService notifications, ResourceCommandService commands)
{
    public async Task<ResourceCommandResponse> ExecuteAsync(ResourceCommandRequest request, CancellationToken cancellationToken)
    {
        if (!TryReadArguments(request, out var arguments, out var unknown))
            return new ResourceCommandResponse { Kind = ResourceCommandResponseKind.InvalidArguments, Message = $"Command '{request.CommandName}' has no argument '{unknown}'." };

        var result = await commands.ExecuteCommandAsync(request.ResourceName, request.CommandName, arguments, cancellationToken);
        var response = new ResourceCommandResponse
        {
            Kind = result.Success ? ResourceCommandResponseKind.Succeeded : result.Canceled ? ResourceCommandResponseKind.Cancelled : ResourceCommandResponseKind.Failed,
        };
        if (result.Message is { } message)
            response.Message = message;
        if (result.Data is { } data)
            response.Result = new ResourceCommandResult { Value = data.Value, Format = FormatOf(data), DisplayImmediately = data.DisplayImmediately };
        return response;
    }

    private bool TryReadArguments(ResourceCommandRequest request, out InteractionInputCollection arguments, out string? unknown)
    {
        var declared = notifications.TryGetCurrentState(request.ResourceName, out var found)
            ? found.Resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => c.Name == request.CommandName)?.Options.Arguments ?? []
            : [];
        unknown = request.Arguments.Keys.FirstOrDefault(name => !declared.Any(d => d.Name == name));
        arguments = new InteractionInputCollection(
        [
            .. declared.Where(d => request.Arguments.ContainsKey(d.Name))
                .Select(d => new InteractionInput { Name = d.Name, InputType = d.InputType, Label = d.Label, Value = TextOf(request.Arguments[d.Name]) }),
        ]);
        return unknown is null;
    }

    private static string? TextOf(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.NumberValue => value.NumberValue.ToString(CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        _ => null,
    };

    private static CommandResultFormat FormatOf(CommandResultData data) => data.Format switch
    {
        ApplicationModel.CommandResultFormat.Json => CommandResultFormat.Json,
        ApplicationModel.CommandResultFormat.Markdown => CommandResultFormat.Markdown,
        _ => CommandResultFormat.Text,
    };
}
