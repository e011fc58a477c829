using Sample.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
switch (builder.Configuration["Sample"])
{
    case "order-system":
        OrderSystemModel.Add(builder);
        break;
    case "servers":
        Servers.Add(builder);
        break;
    case "incomplete":
        builder.AddParameter("api-key", secret: true);
        builder.AddConnectionString("warehouse");
        break;
    default:
        Replicas.Add(builder);
        break;
}

await builder.Build().RunAsync();
